using System.Runtime.InteropServices;
using RingKit.Memory;

namespace RingKit.DirtyRings.IndexPublished;

/// <summary>What an index-published ring keeps to itself: no one who maps its entries or indices can write this. A separated line a role.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4 * CacheLine.Separation)]
internal struct IndexPublishedControl
{
    private const int Producer = 0;
    private const int Harvester = CacheLine.Separation;
    private const int Resetter = 2 * CacheLine.Separation;
    private const int Producers = 3 * CacheLine.Separation;

    /// <summary>Where the producer publishes next. Written by it before the avail_index that publishes the entry; read by the others.</summary>
    [FieldOffset(Producer)]
    public uint DirtyIndex;

    /// <summary>The producer's copy of <see cref="ResetIndex"/>: never ahead of it.</summary>
    [FieldOffset(Producer + 4)]
    public uint KnownResetIndex;

    /// <summary>Pushes that found the ring full. Written by the producer.</summary>
    [FieldOffset(Producer + 8)]
    public ulong FullPushes;

    /// <summary>What the harvester harvests next; fetch_index is its copy for the resetter, which others may overwrite.</summary>
    [FieldOffset(Harvester)]
    public uint Fetched;

    /// <summary>The harvester's copy of avail_index, checked: never ahead of <see cref="DirtyIndex"/>.</summary>
    [FieldOffset(Harvester + 4)]
    public uint KnownAvailIndex;

    /// <summary>Harvests that read an avail_index which the producer had not reached. Written by the harvester.</summary>
    [FieldOffset(Harvester + 8)]
    public ulong ForgedAvails;

    /// <summary>Entries that were recycled before the harvester came to them. Written by the harvester.</summary>
    [FieldOffset(Harvester + 16)]
    public ulong OvertakenEntries;

    /// <summary>What the resetter recycles next. Written by the resetter, read by the others.</summary>
    [FieldOffset(Resetter)]
    public uint ResetIndex;

    /// <summary>The resetter's copy of <see cref="DirtyIndex"/>: never ahead of it.</summary>
    [FieldOffset(Resetter + 4)]
    public uint KnownDirtyIndex;

    /// <summary>Resets that read a fetch_index outside what is published and not recycled. Written by the resetter.</summary>
    [FieldOffset(Resetter + 8)]
    public ulong ForgedFetches;

    /// <summary>Pages outside every slot that resets refused. Written by the resetter.</summary>
    [FieldOffset(Resetter + 16)]
    public ulong RefusedPages;

    /// <summary>1 while one of several producers is at work on the words of the producer, else 0.</summary>
    [FieldOffset(Producers)]
    public ulong ProducerLock;
}
