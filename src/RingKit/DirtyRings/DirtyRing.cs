using System.Numerics;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.DirtyRings;

/// <summary>
/// A slot-published ring of dirty pages, as Linux ships it for KVM: its entries carry their own state, and pass from
/// <see cref="Producer"/> to <see cref="Harvester"/> to <see cref="Resetter"/>.
/// </summary>
/// <remarks>
/// Thread role: each of the three ends by one thread at a time, all three concurrently; <see cref="Used"/> by any thread.
/// <see cref="Dispose"/> when the three have ended: after it their methods throw <see cref="ObjectDisposedException"/>.
/// States, edges and layout: docs/dirty-ring.md and docs/ordering.md.
/// </remarks>
public sealed class DirtyRing : IDisposable
{
    /// <summary>64: the entries that KVM keeps back for pushes between the soft limit and the vCPU's exit.</summary>
    public const int DefaultReservedEntries = 64;

    /// <summary>2^27 entries, 2 GiB.</summary>
    public const int MaximumCapacity = 1 << 27;

    private readonly DirtyRingCore<HardwareOrdering> _core;

    private DirtyRing(DirtyRingCore<HardwareOrdering> core) => _core = core;

    /// <summary>Makes an empty ring in memory of its own, page aligned.</summary>
    /// <param name="capacity">Entries: a power of two, at most <see cref="MaximumCapacity"/>.</param>
    /// <param name="reservedEntries">Entries above the soft limit, from 0 to less than the capacity.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is none of these.</exception>
    public DirtyRing(int capacity, int reservedEntries = DefaultReservedEntries)
    {
        CheckCapacity(capacity, nameof(capacity));
        CheckReserve(reservedEntries, capacity);
        using var block = new NativeBlock<DirtyGfn>((nuint)capacity, alignment: (nuint)Environment.SystemPageSize);
        _core = new DirtyRingCore<HardwareOrdering>(block.View, (uint)reservedEntries);
    }

    /// <summary>Lays a ring over memory that exists: a mapping, or a block of the caller's. Nothing is copied or cleared.</summary>
    /// <param name="entries">
    /// The entries, a power of two of them, with all flags 0. For entries that another party publishes: <see cref="AttachToProducer"/>.
    /// </param>
    /// <param name="reservedEntries">Entries above the soft limit, from 0 to less than the capacity.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is none of these.</exception>
    public DirtyRing(NativeView<DirtyGfn> entries, int reservedEntries = DefaultReservedEntries)
    {
        CheckCapacity((long)Math.Min(entries.Length, long.MaxValue), nameof(entries));
        CheckReserve(reservedEntries, (int)entries.Length);
        _core = new DirtyRingCore<HardwareOrdering>(entries, (uint)reservedEntries);
    }

    /// <summary>How many entries the ring has.</summary>
    public int Capacity => (int)_core.Capacity;

    /// <summary>The number of used entries from which a push reports <see cref="PushResult.SoftFull"/>.</summary>
    public int SoftLimit => (int)_core.SoftLimit;

    /// <summary>Entries published and not yet reset, harvested ones included. May be out of date as soon as it is read.</summary>
    /// <exception cref="InvalidOperationException">The producer is elsewhere, and how far it is is not known here.</exception>
    public int Used
    {
        get
        {
            if (_core.ProducerIsElsewhere)
                ThrowProducerElsewhere();
            return (int)_core.Used;
        }
    }

    /// <summary>Pushes that were refused since the ring was full.</summary>
    public ulong FullPushes => _core.Read(ref _core.Control.FullPushes);

    /// <summary>The end for the vCPU that dirties pages. One thread at a time.</summary>
    /// <exception cref="InvalidOperationException">The producer is elsewhere.</exception>
    public DirtyRingProducer Producer
    {
        get
        {
            if (_core.ProducerIsElsewhere)
                ThrowProducerElsewhere();
            return new DirtyRingProducer(_core);
        }
    }

    /// <summary>The end for whoever wants to know them. One thread at a time.</summary>
    public DirtyRingHarvester Harvester => new(_core);

    /// <summary>The end for whoever owns the page tables. One thread at a time.</summary>
    public DirtyRingResetter Resetter => new(_core);

    /// <summary>Lays a ring over entries that another party publishes: a kernel's mapping, or another process's ring.</summary>
    /// <remarks>
    /// Its producer's index is not known here. So a harvest follows any entry that says dirty, and a reset any that says harvested: at worst
    /// a hostile party makes this ring useless to itself. A reset gives entries back by their flags alone, which that producer must load with
    /// acquire. Only one process at a time may reset; with KVM it is the kernel that does.
    /// </remarks>
    /// <param name="entries">The entries, a power of two of them. The other party has published from entry 0 on, or not yet.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are none, too many, or not a power of two.</exception>
    public static DirtyRing AttachToProducer(NativeView<DirtyGfn> entries)
    {
        CheckCapacity((long)Math.Min(entries.Length, long.MaxValue), nameof(entries));
        return new DirtyRing(new DirtyRingCore<HardwareOrdering>(entries, reservedEntries: 0, producerIsElsewhere: true));
    }

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();

    // A method of its own, so that the JIT inlines its callers.
    private static void ThrowProducerElsewhere() =>
        throw new InvalidOperationException("The ring is attached to a producer elsewhere: it has no producing end here, and no count of used entries.");

    internal static void CheckCapacity(long capacity, string name)
    {
        if (capacity is < 1 or > MaximumCapacity || !BitOperations.IsPow2(capacity))
            throw new ArgumentOutOfRangeException(name, capacity, $"The capacity must be a power of two from 1 to {MaximumCapacity} entries.");
    }

    internal static void CheckReserve(int reservedEntries, int capacity)
    {
        if (reservedEntries < 0 || reservedEntries >= capacity)
        {
            throw new ArgumentOutOfRangeException(
                nameof(reservedEntries), reservedEntries, $"The reserve must be from 0 to {capacity - 1} entries, less than the capacity.");
        }
    }
}
