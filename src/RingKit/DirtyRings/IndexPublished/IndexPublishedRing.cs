using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>What the index-published dirty rings have in common: all but who produces.</summary>
/// <remarks>
/// Thread role: harvester and resetter by one thread each at a time, concurrently with the producer; <see cref="Used"/> by any thread.
/// <see cref="Dispose"/> when all have ended: after it their methods throw <see cref="ObjectDisposedException"/>.
/// </remarks>
/// <typeparam name="TIndexing">How the ring counts.</typeparam>
public abstract class IndexPublishedRing<TIndexing> : IDisposable
    where TIndexing : struct, IIndexing
{
    private protected IndexPublishedRing(int capacity, int reservedEntries, IndexLayout layout)
    {
        CheckCapacity(capacity, nameof(capacity));
        CheckReserve(reservedEntries, capacity);
        using var entries = new NativeBlock<DirtyGfn>((nuint)capacity, alignment: (nuint)Environment.SystemPageSize);
        using var indices = new NativeBlock<uint>((nuint)IndexPublishedLayout.Words(layout));
        Core = new IndexPublishedCore<HardwareOrdering, TIndexing>(entries.View, indices.View, layout, (uint)reservedEntries);
    }

    private protected IndexPublishedRing(NativeView<DirtyGfn> entries, NativeView<uint> indices, int reservedEntries, IndexLayout layout)
    {
        CheckCapacity((long)Math.Min(entries.Length, long.MaxValue), nameof(entries));
        CheckReserve(reservedEntries, (int)entries.Length);
        int words = IndexPublishedLayout.Words(layout);
        if (indices.Length < (uint)words)
            throw new ArgumentOutOfRangeException(nameof(indices), indices.Length, $"The indices span {words} words in this layout.");

        Core = new IndexPublishedCore<HardwareOrdering, TIndexing>(
            entries, indices, layout, (uint)reservedEntries, indicesAreForeign: true);
    }

    /// <summary>How many entries the ring has.</summary>
    public int Capacity => (int)Core.Capacity;

    /// <summary>The number of used entries from which a push reports <see cref="PushResult.SoftFull"/>.</summary>
    public int SoftLimit => (int)Core.SoftLimit;

    /// <summary>Entries published and not yet reset, harvested ones included. May be out of date as soon as it is read.</summary>
    public int Used => (int)Core.Used;

    /// <summary>Pushes that were refused since the ring was full.</summary>
    public ulong FullPushes => Core.Read(ref Core.Control.FullPushes);

    /// <summary>The end for whoever wants to know the dirty pages. One thread at a time.</summary>
    public IndexPublishedHarvester<TIndexing> Harvester => new(Core);

    /// <summary>The end for whoever owns the page tables. One thread at a time.</summary>
    public IndexPublishedResetter<TIndexing> Resetter => new(Core);

    private protected IndexPublishedCore<HardwareOrdering, TIndexing> Core { get; }

    /// <summary>Ends the ring: its memory goes back, and its roles throw.</summary>
    public void Dispose()
    {
        Core.Dispose();
        GC.SuppressFinalize(this);
    }

    private static void CheckCapacity(long capacity, string name)
    {
        if (!TIndexing.IsCapacity(capacity))
        {
            throw new ArgumentOutOfRangeException(
                name, capacity, $"The capacity must be {TIndexing.Rule} from 1 to {DirtyRing.MaximumCapacity} entries.");
        }
    }

    private static void CheckReserve(int reservedEntries, int capacity)
    {
        if (reservedEntries < 0 || reservedEntries >= capacity)
        {
            throw new ArgumentOutOfRangeException(
                nameof(reservedEntries), reservedEntries, $"The reserve must be from 0 to {capacity - 1} entries, less than the capacity.");
        }
    }
}
