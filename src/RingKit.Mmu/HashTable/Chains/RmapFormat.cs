using System.Numerics;

namespace RingKit.Mmu.HashTable.Chains;

/// <summary>Where an rmap word keeps what: it moved with the generations of KVM.</summary>
/// <remarks>
/// An rmap word stands for a guest page: whether entries map it (<see cref="Present"/>), the first of them (<see cref="Index"/>), a lock, and R and C of
/// entries that are gone.
/// </remarks>
internal readonly record struct RmapFormat
{
    /// <summary>Some entry maps the page. Without this bit index 0 could not be told from none.</summary>
    public const ulong Present = 1UL << 32;

    /// <summary>The index of the chain's first entry.</summary>
    public const ulong Index = 0xFFFF_FFFF;

    /// <summary>R of an entry that is gone: <see cref="HpteR.Referenced"/> moved up by <see cref="ReferencedChangedShift"/>.</summary>
    public const ulong Referenced = HpteR.Referenced << ReferencedChangedShift;

    /// <summary>C of an entry that is gone.</summary>
    public const ulong Changed = HpteR.Changed << ReferencedChangedShift;

    /// <summary>From R's own R and C to those of an rmap word.</summary>
    public const int ReferencedChangedShift = 32;

    private const int OrderShift = 48;
    private const ulong Order = 0x3FUL << OrderShift;
    private const ulong HashedType = 0x01UL << 56;

    /// <summary>The format of a generation.</summary>
    public RmapFormat(HashTableEra era)
    {
        Lock = era == HashTableEra.Current ? 1UL << 43 : 1UL << 63;
        Type = era == HashTableEra.Current ? HashedType : 0;
        KeepsOrder = era == HashTableEra.ChangedOrder;
    }

    /// <summary>The lock's bit.</summary>
    public ulong Lock { get; }

    /// <summary>What marks a word that has had an entry of a hashed table: set by the first, never cleared. 0 in formats without it.</summary>
    public ulong Type { get; }

    /// <summary>Whether the word knows the size of the largest page that was changed and is gone.</summary>
    public bool KeepsOrder { get; }

    /// <summary>log2 of the size of the largest changed page that is gone, 0 if there is none.</summary>
    public static int ChangedShift(ulong rmap) => (int)((rmap & Order) >> OrderShift);

    /// <summary>The word after a changed page of this size has gone.</summary>
    public static ulong WithChangedShift(ulong rmap, int shift) =>
        ChangedShift(rmap) >= shift ? rmap : (rmap & ~Order) | ((ulong)shift << OrderShift);

    /// <summary>The word after its C was reported.</summary>
    public static ulong WithoutChanged(ulong rmap) => rmap & ~(Changed | Order);

    /// <inheritdoc/>
    public override string ToString() => $"lock bit {BitOperations.TrailingZeroCount(Lock)}";
}
