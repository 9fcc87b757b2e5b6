using RingKit.DirtyRings;
using RingKit.Memory;

namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>A vCPU's ring as its user has it mapped: the entries, which he may write as he likes, and a harvester that keeps to the rules.</summary>
/// <remarks>
/// Thread role: one thread at a time, concurrently with the vCPU and with resets. The harvester takes an entry whose flags are 1, and only then. How far it
/// has come it alone knows, so there is one
/// mapping of each ring, and its log's own harvests use it too. The order that loses nothing: <see cref="KvmDirtyLog.KickVcpus"/>; harvest;
/// <see cref="KvmDirtyLog.ResetDirtyRings"/> until
/// the sum of its entries is that of the harvests; only then read the pages. The entries stay valid when the log is disposed; nobody publishes any more then.
/// </remarks>
public sealed class KvmRingMapping
{
    private readonly DirtyRing _user;
    private readonly KvmRing _ring;
    private readonly uint _startIndex;

    internal KvmRingMapping(KvmRing ring)
    {
        _ring = ring;
        _startIndex = ring.Consumed;
        Entries = ring.Entries;
        _user = DirtyRing.AttachToProducer(ring.Entries);
    }

    /// <summary>The entries.</summary>
    public NativeView<DirtyGfn> Entries { get; }

    /// <summary>The user's harvester.</summary>
    public DirtyRingHarvester Harvester => _user.Harvester;

    /// <summary>
    /// Takes what was pushed, and no more. Unlike its user it knows how far that is: flags that he has forged do not lead it away, nor have they if
    /// they did.
    /// </summary>
    /// <returns>How many entries were taken.</returns>
    internal int HarvestPushed<TSink>(ref TSink sink)
        where TSink : struct, IDirtyEntrySink
    {
        uint consumed = _ring.Consumed, pushed = _ring.Pushed;

        // A reset that trusts forged flags may have passed the last push.
        bool isKnown = unchecked((int)(pushed - consumed)) >= 0;
        int most = isKnown ? Harvester.GoBetween(consumed - _startIndex, pushed - _startIndex) : int.MaxValue;
        return Harvester.Harvest(ref sink, most);
    }
}
