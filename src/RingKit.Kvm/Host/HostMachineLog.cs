using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Kvm.Host;

/// <summary>
/// The dirty log of a machine whose guest runs in this process, kept by the host's kernel: vCPUs store to the slots' memory, and the kernel notes it as it does everybody's
/// writes. A <see cref="HostDirtyLog"/> for each slot, behind the interface of all dirty logs.
/// </summary>
/// <remarks>
/// Nothing in the machine's page table is protected and no TLB is flushed: the kernel does both to this process. So <see cref="DirtyLogStatistics.Faults"/> has only the
/// page table's own first accesses, not the host's. Writes of devices and of the host are found too, and reported once more where they were recorded as well.
/// <para>Thread role: as <see cref="IDirtyLog"/> says.</para>
/// </remarks>
public sealed class HostMachineLog : MachineDirtyLog
{
    private readonly HostDirtyLog?[] _slots;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="MachineDirtyLog.Start"/> on.</summary>
    /// <param name="machine">The machine.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">A slot has no bytes, or pages of it share bytes.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    /// <exception cref="HostTrackingException">The kernel does not offer it.</exception>
    public HostMachineLog(VirtualMachine machine)
        : base(machine)
    {
        if (Environment.SystemPageSize != GuestPage.Size)
        {
            throw new HostTrackingException(
                HostTrackingProblem.OtherSystem, Errno.None, $"The host's pages have {Environment.SystemPageSize} bytes, and the guest's {GuestPage.Size}.");
        }

        foreach (MemorySlot slot in machine.Memory.Slots)
        {
            if (slot.Memory.Length != (nuint)slot.PageCount << GuestPage.Shift)
                throw new ArgumentException($"Slot {slot.Id} has {slot.PageCount} pages, and {slot.Memory.Length} bytes behind them.", nameof(machine));
        }

        if (HostTrackingSupport.Read() is { Problem: { } problem, WhyNot: { } reason })
            throw new HostTrackingException(problem, Errno.None, reason);
        _slots = new HostDirtyLog?[machine.Memory.Slots.Length];
        Attach();
    }

    /// <inheritdoc/>
    public override string Name => "host";

    /// <inheritdoc/>
    /// <remarks>The bitmaps of what was collected; the kernel keeps a bit in each page's own entry.</remarks>
    public override ulong BookkeepingBytes => Machine.Memory.Slots.Aggregate(0UL, (sum, slot) => sum + slot.BitmapBytes);

    /// <inheritdoc/>
    public override bool CanRecord(Vcpu vcpu) => true;

    /// <inheritdoc/>
    public override bool NeedsHarvest(Vcpu vcpu) => false;

    /// <summary>Does nothing: the kernel records the store that follows.</summary>
    /// <inheritdoc/>
    public override void Record(Vcpu vcpu, MemorySlot slot, ulong offset) => CheckPage(slot, offset);

    private protected override void StartLocked()
    {
        try
        {
            foreach (MemorySlot slot in Machine.Memory.Slots)
            {
                ref HostDirtyLog? log = ref _slots[slot.Ordinal];
                if (log is not null)
                    log.Clear();
                else
                    log = new HostDirtyLog(slot.Memory);
                slot.LogsDirtyPages = true;
            }
        }
        catch
        {
            StopLocked();
            throw;
        }
    }

    private protected override void StopLocked()
    {
        foreach (MemorySlot slot in Machine.Memory.Slots)
        {
            slot.LogsDirtyPages = false;
            _slots[slot.Ordinal]?.Dispose();
            _slots[slot.Ordinal] = null;
        }
    }

    private protected override void Collect<TSink>(ref TSink sink)
    {
        foreach (MemorySlot slot in Machine.Memory.Slots)
        {
            if (_slots[slot.Ordinal] is not { } log)
                continue;
            var one = new SlotSink<TSink>(slot, ref sink);
            log.HarvestMasks(ref one);
            Books = Books with { Entries = Books.Entries + one.Pages, BytesTouched = Books.BytesTouched + slot.BitmapBytes };
        }
    }

    private protected override void Free()
    {
        foreach (HostDirtyLog? log in _slots)
            log?.Dispose();
    }

    private ref struct SlotSink<TSink>(MemorySlot slot, ref TSink sink) : IDirtyMaskSink
        where TSink : struct, IDirtyPageSink
    {
        private readonly ref TSink _sink = ref sink;

        public ulong Pages { get; private set; }

        public void Accept(ulong firstPage, ulong mask)
        {
            _sink.Accept(slot, firstPage, mask);
            Pages += (uint)BitOperations.PopCount(mask);
        }
    }
}
