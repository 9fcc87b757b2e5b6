using System.Runtime.CompilerServices;
using RingKit.DirtyRings;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>A dirty log that moves between rings, a bitmap with summaries and a bitmap alone, by what the last rounds showed.</summary>
/// <remarks>
/// It reports the same pages as <see cref="BitmapDirtyLog"/>, also while it moves. A record always has room: when a vCPU's ring is full its pages go to the bitmap until
/// the next harvest, and the vCPU goes on. <see cref="AdaptiveRule"/> has the rule; it moves at the end of a harvest, and a move costs the next harvest a look at
/// both forms. Its memory is that of the bitmap and a 63rd, and that of the rings.
/// </remarks>
public sealed class AdaptiveDirtyLog : WriteProtectingLog
{
    private readonly AdaptiveLogCore<HardwareOrdering> _core;
    private readonly IAdaptiveRule _rule;
    private readonly int _ringEntries;
    private readonly ulong _pages;

    // Whether the rule is known to stay with rings that suffice, so that it need not be asked. A quiet round is short, and finds all that it reads out of the caches.
    private readonly bool _keepsRings;
    private bool _isForgetting;
    private AdaptiveRound _last;
    private ulong _moves;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="MachineDirtyLog.Start"/> on, at first in rings.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="options">The size of the rings, and the rule.</param>
    /// <exception cref="ArgumentNullException">There is no machine, or no rule.</exception>
    /// <exception cref="ArgumentException">The machine has a hashed page table, or shadow mappings.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rings' entries are out of range.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    public AdaptiveDirtyLog(VirtualMachine machine, AdaptiveLogOptions? options = null)
        : base(machine)
    {
        options ??= new AdaptiveLogOptions();
        ArgumentNullException.ThrowIfNull(options.Rule, nameof(options));
        foreach (MemorySlot slot in machine.Memory.Slots)
            _pages += slot.PageCount;
        _rule = options.Rule;
        _keepsRings = _rule is AdaptiveRule;
        _ringEntries = options.EntriesFor(_pages);
        DirtyRing.CheckCapacity(_ringEntries, nameof(options));
        _core = new AdaptiveLogCore<HardwareOrdering>(machine.Memory.Slots.Select(slot => slot.PageCount), machine.VcpuCount, _ringEntries);
        Attach();
    }

    /// <inheritdoc/>
    public override string Name => "adaptive";

    /// <summary>Where pages are recorded. The next harvest may change that.</summary>
    public DirtyLogForm Form => _core.Form;

    /// <summary>How often the form has changed.</summary>
    public ulong Moves
    {
        get
        {
            using VcpuSafeScope scope = EnterSlots();
            return _moves;
        }
    }

    /// <inheritdoc/>
    public override ulong BookkeepingBytes => _core.Bytes;

    /// <inheritdoc/>
    public override bool CanRecord(Vcpu vcpu) => true;

    /// <inheritdoc/>
    public override void Record(Vcpu vcpu, MemorySlot slot, ulong offset)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        ArgumentNullException.ThrowIfNull(slot);
        _core.Record(vcpu.Id, slot.Ordinal, offset);
    }

    /// <inheritdoc/>
    public override bool NeedsHarvest(Vcpu vcpu) => false;

    [SkipLocalsInit]
    private protected override void Collect<TSink>(ref TSink sink)
    {
        Machine.Mmu.BringInRecords();
        Unsafe.SkipInit(out KeptMasks kept);
        var target = new AdaptiveTarget<TSink>(this, Machine, ref sink, ref kept);
        ulong bytes = _core.Drain(ref target, out bool overflowed, out bool suffices);
        Book(target.Pages, bytes);
        if (_isForgetting)
            return;

        var round = new AdaptiveRound(target.Pages, target.Words, overflowed);
        if (!suffices || !_keepsRings)
            Choose(round);
        _last = round;
    }

    // A round that nobody asked for says nothing about the guest.
    private protected override void ForgetAll()
    {
        _isForgetting = true;
        try
        {
            base.ForgetAll();
        }
        finally
        {
            _isForgetting = false;
            _last = default;
        }
    }

    private protected override void ForgetSlot(MemorySlot slot)
    {
        _isForgetting = true;
        try
        {
            base.ForgetSlot(slot);
        }
        finally
        {
            _isForgetting = false;
        }
    }

    private protected override void Free() => _core.Dispose();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Choose(in AdaptiveRound round)
    {
        if (!_core.MoveTo(_rule.Choose(_core.Form, new AdaptiveHistory(_pages, _ringEntries, round, _last))))
            return;

        // Who still records in the old form does so before the invalidation at the harvest's end returns.
        _moves++;
        NeedsInvalidation = true;
    }
}
