using RingKit.DirtyRings;
using RingKit.Memory;
using RingKit.Mmu.DirtyLogging.Kvm;

namespace RingKit.Kvm.Tests.Differential;

/// <summary>A vCPU's ring in both machines, and how far its program has come.</summary>
internal sealed class RingSide(KvmVcpu real, KvmRingMapping simulated, int ringEntries)
{
    private readonly Queue<(uint Slot, ulong Page)> _harvested = [];
    private uint _pushed;
    private uint _reset;

    public KvmVcpu Real => real;

    public KvmRingMapping Simulated => simulated;

    public ulong[] Frames { get; private set; } = [];

    /// <summary>How many of the stores are made.</summary>
    public int Done { get; set; }

    public int Left => Frames.Length - Done;

    /// <summary>Entries of the kernel's ring that are pushed and not reset.</summary>
    public int Used => (int)(_pushed - _reset);

    public void Begin(ulong[] frames) => (Frames, Done) = (frames, 0);

    /// <summary>What the kernel has pushed since the last call.</summary>
    public List<DirtyGfn> Pushed()
    {
        NativeView<DirtyGfn> ring = real.DangerousRing;
        List<DirtyGfn> entries = [];
        while (Used < ringEntries)
        {
            DirtyGfn entry = ring[_pushed % (uint)ringEntries];
            if (entry.Flags != DirtyGfn.Dirty)
                break;
            entries.Add(entry);
            _pushed++;
        }

        return entries;
    }

    public void Harvested(ReadOnlySpan<DirtyGfn> entries)
    {
        foreach (DirtyGfn entry in entries)
            _harvested.Enqueue((entry.Slot, entry.Offset));
    }

    /// <summary>The entries that a reset has taken back.</summary>
    public IEnumerable<(uint Slot, ulong Page)> TakeHarvested()
    {
        while (_harvested.TryDequeue(out (uint Slot, ulong Page) page))
        {
            _reset++;
            yield return page;
        }
    }
}
