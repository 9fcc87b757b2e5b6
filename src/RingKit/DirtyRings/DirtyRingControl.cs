using System.Runtime.InteropServices;
using RingKit.Memory;

namespace RingKit.DirtyRings;

/// <summary>
/// The indices of a dirty ring, private to this process: no one who merely maps the entries can write them. One separated line for
/// each role; all indices run freely modulo 2^32.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 3 * CacheLine.Separation)]
internal struct DirtyRingControl
{
    private const int Producer = 0;
    private const int Harvester = CacheLine.Separation;
    private const int Resetter = 2 * CacheLine.Separation;

    /// <summary>Pushes that found the ring full. Written by the producer.</summary>
    // First on its line because it is rarely used: the JIT tests a pointer for null where it takes the address of what lies at its
    // start, and on the index that would cost each push another load of what it has just stored.
    [FieldOffset(Producer)]
    public ulong FullPushes;

    /// <summary>Entries published. Written by the producer, before the flags that publish the entry; read by the others.</summary>
    [FieldOffset(Producer + 8)]
    public uint DirtyIndex;

    /// <summary>The producer's copy of <see cref="ResetIndex"/>: never ahead of it.</summary>
    [FieldOffset(Producer + 12)]
    public uint KnownResetIndex;

    /// <summary>Entries harvested. Written by the harvester.</summary>
    [FieldOffset(Harvester)]
    public uint FetchIndex;

    /// <summary>The harvester's copy of <see cref="DirtyIndex"/>: never ahead of it, and never behind <see cref="FetchIndex"/>.</summary>
    [FieldOffset(Harvester + 4)]
    public uint HarvesterKnownDirtyIndex;

    /// <summary>Harvests that stopped at flags that no RingKit or KVM party writes. Written by the harvester.</summary>
    [FieldOffset(Harvester + 8)]
    public ulong ForeignFlags;

    /// <summary>Harvests that stopped at an entry that claimed to be dirty but was never published. Written by the harvester.</summary>
    [FieldOffset(Harvester + 16)]
    public ulong ForgedEntries;

    /// <summary>Entries that were recycled before the harvester came to them. Written by the harvester.</summary>
    [FieldOffset(Harvester + 24)]
    public ulong OvertakenEntries;

    /// <summary>Entries recycled. Written by the resetter, read by the others.</summary>
    [FieldOffset(Resetter)]
    public uint ResetIndex;

    /// <summary>The resetter's copy of <see cref="DirtyIndex"/>: never ahead of it.</summary>
    [FieldOffset(Resetter + 4)]
    public uint ResetterKnownDirtyIndex;

    /// <summary>Resets that stopped at an entry that claimed to be harvested but was never published. Written by the resetter.</summary>
    [FieldOffset(Resetter + 8)]
    public ulong ForgedResets;

    /// <summary>Pages outside every slot that resets refused. Written by the resetter.</summary>
    [FieldOffset(Resetter + 16)]
    public ulong RefusedPages;
}
