using RingKit.Bitmaps;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>A dirty log that keeps a bitmap for each slot: KVM's KVM_GET_DIRTY_LOG in its automatic mode.</summary>
/// <remarks>A harvest reads every bitmap to its end, whatever is dirty. A record always has room.</remarks>
public sealed class BitmapDirtyLog : WriteProtectingLog
{
    private readonly DirtyBitmap[] _bitmaps;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="MachineDirtyLog.Start"/> on.</summary>
    /// <param name="machine">The machine.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">The machine has a hashed page table.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    public BitmapDirtyLog(VirtualMachine machine)
        : base(machine)
    {
        _bitmaps = [.. machine.Memory.Slots.Select(slot => new DirtyBitmap(slot.PageCount))];
        Attach();
    }

    /// <inheritdoc/>
    public override string Name => "bitmap";

    /// <inheritdoc/>
    public override ulong BookkeepingBytes => Machine.Memory.Slots.Aggregate(0UL, (sum, slot) => sum + BytesOf(slot));

    /// <inheritdoc/>
    public override bool CanRecord(Vcpu vcpu) => true;

    /// <inheritdoc/>
    public override void Record(Vcpu vcpu, MemorySlot slot, ulong offset)
    {
        ArgumentNullException.ThrowIfNull(slot);
        _bitmaps[slot.Ordinal].Mark(offset);
    }

    /// <inheritdoc/>
    public override bool NeedsHarvest(Vcpu vcpu) => false;

    private protected override void ForgetSlot(MemorySlot slot)
    {
        var forget = default(ForgettingSink);
        Collect(slot, ref forget);
    }

    private protected override void Collect<TSink>(ref TSink sink)
    {
        Machine.Mmu.BringInRecords();
        foreach (MemorySlot slot in Machine.Memory.Slots)
            Collect(slot, ref sink);
    }

    private protected override void Free()
    {
        foreach (DirtyBitmap bitmap in _bitmaps)
            bitmap.Dispose();
    }

    private static ulong BytesOf(MemorySlot slot) => (slot.PageCount + 63) / 64 * sizeof(ulong);

    private void Collect<TSink>(MemorySlot slot, ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        var collector = new ProtectingCollector<TSink>(this, slot, ref sink);
        _bitmaps[slot.Ordinal].HarvestMasks(ref collector);
        Book(collector.Pages, bytesTouched: BytesOf(slot));
    }
}
