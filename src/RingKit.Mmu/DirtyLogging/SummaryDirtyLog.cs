using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Summary;
using RingKit.Mmu.DirtyLogging.Sinks;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>A dirty log that keeps a bitmap with summaries above it for each slot: a harvest costs what is dirty, not what exists.</summary>
/// <remarks>
/// A record always has room. It sets the bits of the summaries as well, if they are clear: a record costs more than a <see cref="BitmapDirtyLog"/>'s where dirty pages
/// are far from each other, and as much where they are neighbours.
/// </remarks>
public sealed class SummaryDirtyLog : SlotBitmapsLog
{
    private readonly SummaryBitmap[] _bitmaps;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="MachineDirtyLog.Start"/> on.</summary>
    /// <param name="machine">The machine.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">The machine has a hashed page table.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    public SummaryDirtyLog(VirtualMachine machine)
        : base(machine)
    {
        _bitmaps = [.. machine.Memory.Slots.Select(slot => new SummaryBitmap(slot.PageCount))];
        Attach();
    }

    /// <inheritdoc/>
    public override string Name => "summary";

    /// <inheritdoc/>
    public override void Record(Vcpu vcpu, MemorySlot slot, ulong offset)
    {
        ArgumentNullException.ThrowIfNull(slot);
        _bitmaps[slot.Ordinal].Mark(offset);
    }

    private protected override void Free()
    {
        foreach (SummaryBitmap bitmap in _bitmaps)
            bitmap.Dispose();
    }

    private protected override ulong BytesOf(MemorySlot slot)
    {
        ulong[] levels = SummaryLevels.WordsOf(slot.PageCount, SummaryLevels.MostTopWords);
        return (levels[0] + SummaryLevels.WordsAbove(levels)) * sizeof(ulong);
    }

    private protected override void CollectSlot<TSink>(MemorySlot slot, ref TSink sink)
    {
        SummaryBitmap bitmap = _bitmaps[slot.Ordinal];
        var collector = new Collector<TSink>(this, slot, ref sink, new SummaryPath(bitmap.SummaryCount, bitmap.TopWords));
        bitmap.HarvestMasks(ref collector);
        Book(collector.Pages, collector.Path.Words * sizeof(ulong));
    }

    private ref struct Collector<TSink>(SummaryDirtyLog log, MemorySlot slot, ref TSink sink, SummaryPath path) : IDirtyMaskSink
        where TSink : struct, IDirtyPageSink
    {
        private readonly ref TSink _sink = ref sink;
        private SummaryPath _path = path;

        public ulong Pages { get; private set; }

        public readonly SummaryPath Path => _path;

        public void Accept(ulong firstPage, ulong mask)
        {
            log.Protect(slot, firstPage, mask);
            Pages += (uint)BitOperations.PopCount(mask);
            _path.Reach(firstPage);
            _sink.Accept(slot, firstPage, mask);
        }
    }
}
