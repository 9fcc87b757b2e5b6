using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.Cli;

/// <summary>A dirty log that does its work, and then reports something else.</summary>
internal sealed class LyingLog(IDirtyLog inner, Func<ulong, ulong> lie) : IDirtyLog
{
    public string Name => "lying";

    public DirtyLogStatistics Statistics => inner.Statistics;

    public void Start() => inner.Start();

    public void Stop() => inner.Stop();

    public void Clear() => inner.Clear();

    public DirtyHarvest Take() => inner.Take();

    public void PutBack(MemorySlot slot, ulong baseOffset, ulong mask) => inner.PutBack(slot, baseOffset, mask);

    public bool CanRecord(Vcpu vcpu) => inner.CanRecord(vcpu);

    public void Record(Vcpu vcpu, MemorySlot slot, ulong offset) => inner.Record(vcpu, slot, offset);

    public bool NeedsHarvest(Vcpu vcpu) => inner.NeedsHarvest(vcpu);

    public void Dispose() => inner.Dispose();

    public void Harvest<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        var taken = new TakingSink([]);
        inner.Harvest(ref taken);
        foreach ((MemorySlot slot, ulong baseOffset, ulong mask) in taken.Pages)
            sink.Accept(slot, baseOffset, lie(mask));
    }

    private readonly record struct TakingSink(List<(MemorySlot Slot, ulong BaseOffset, ulong Mask)> Pages) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => Pages.Add((slot, baseOffset, mask));
    }
}
