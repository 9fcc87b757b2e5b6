using RingKit.Bitmaps;
using RingKit.Mmu.DirtyLogging.Sinks;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>A dirty log that keeps a bitmap for each slot: KVM's KVM_GET_DIRTY_LOG in its automatic mode.</summary>
/// <remarks>A harvest reads every bitmap to its end, whatever is dirty. A record always has room.</remarks>
public sealed class BitmapDirtyLog : SlotBitmapsLog
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
    public override void Record(Vcpu vcpu, MemorySlot slot, ulong offset)
    {
        ArgumentNullException.ThrowIfNull(slot);
        _bitmaps[slot.Ordinal].Mark(offset);
    }

    private protected override void Free()
    {
        foreach (DirtyBitmap bitmap in _bitmaps)
            bitmap.Dispose();
    }

    private protected override ulong BytesOf(MemorySlot slot) => slot.BitmapBytes;

    private protected override void CollectSlot<TSink>(MemorySlot slot, ref TSink sink)
    {
        var collector = new ProtectingCollector<TSink>(this, slot, ref sink);
        _bitmaps[slot.Ordinal].HarvestMasks(ref collector);
        Book(collector.Pages, bytesTouched: BytesOf(slot));
    }
}
