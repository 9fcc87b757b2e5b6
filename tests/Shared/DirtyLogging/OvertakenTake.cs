using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging;

/// <summary>A log after whose take, or at whose first pages in a harvest, something else happens, before the taker goes on.</summary>
internal sealed class OvertakenTake(IDirtyLog log, Action afterTake) : IDirtyLog
{
    public string Name => log.Name;

    public DirtyLogStatistics Statistics => log.Statistics;

    public ulong BookkeepingBytes => log.BookkeepingBytes;

    public void Start() => log.Start();

    public void Stop() => log.Stop();

    public void Harvest<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        var noted = new NotingSink([]);
        log.Harvest(ref noted);
        for (int i = 0; i < noted.Pages.Count; i++)
        {
            sink.Accept(noted.Pages[i].Slot, noted.Pages[i].BaseOffset, noted.Pages[i].Mask);
            if (i == 0)
                afterTake();
        }
    }

    public DirtyHarvest Take()
    {
        DirtyHarvest harvest = log.Take();
        afterTake();
        return harvest;
    }

    public void PutBack(MemorySlot slot, ulong baseOffset, ulong mask) => log.PutBack(slot, baseOffset, mask);

    public void Clear() => log.Clear();

    public bool CanRecord(Vcpu vcpu) => log.CanRecord(vcpu);

    public void Record(Vcpu vcpu, MemorySlot slot, ulong offset) => log.Record(vcpu, slot, offset);

    public bool NeedsHarvest(Vcpu vcpu) => log.NeedsHarvest(vcpu);

    public void Dispose()
    {
    }

    private readonly record struct NotingSink(List<(MemorySlot Slot, ulong BaseOffset, ulong Mask)> Pages) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => Pages.Add((slot, baseOffset, mask));
    }
}
