using System.Buffers.Binary;
using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable;

/// <summary>A hashed page-table entry: two words by value, whatever their order of bytes in the table.</summary>
/// <param name="V">The first word, <see cref="HpteV"/>.</param>
/// <param name="R">The second word, <see cref="HpteR"/>.</param>
/// <remarks>In the format before ISA 3.0, which guests, hypercalls and migration streams use on every processor; <see cref="FromIsa30"/> reads the other.</remarks>
public readonly record struct Hpte(ulong V, ulong R)
{
    private const ulong Isa30Common = 0x000F_FFFF_FFFF_FFFF;
    private const ulong Isa30SegmentSize = 0x0C00_0000_0000_0000;
    private const int Isa30SegmentShift = 4;

    /// <summary>Whether the processor may translate by it.</summary>
    public bool IsValid => (V & HpteV.Valid) != 0;

    /// <summary>Whether it is the guest's, but not the processor's.</summary>
    public bool IsAbsent => (V & HpteV.Absent) != 0;

    /// <summary>Whether the guest has it: valid or absent.</summary>
    public bool IsPresent => (V & (HpteV.Valid | HpteV.Absent)) != 0;

    /// <summary>Whether the hypervisor has locked it.</summary>
    public bool IsLocked => (V & HpteV.HvLock) != 0;

    /// <summary>Whether it survives a resize.</summary>
    public bool IsBolted => (V & HpteV.Bolted) != 0;

    /// <summary>Whether the secondary hash placed it.</summary>
    public bool IsSecondary => (V & HpteV.Secondary) != 0;

    /// <summary>Whether R selects a large page.</summary>
    public bool IsLarge => (V & HpteV.Large) != 0;

    /// <summary>Whether its segment has 1 TiB, not 256 MiB.</summary>
    public bool IsOneTebibyteSegment => (V & HpteV.SegmentSize) == HpteV.OneTebibyte;

    /// <summary>The virtual segment id.</summary>
    public ulong Vsid => (V & ~HpteV.SegmentSize) >> (IsOneTebibyteSegment ? 24 : 12);

    /// <summary>The real page number as an address, the bits of the large-page selector included.</summary>
    public ulong Rpn => R & HpteR.Rpn;

    /// <summary>The storage key, 0 to 31.</summary>
    public int Key => (int)(((R & HpteR.KeyHigh) >> 57) | ((R & HpteR.KeyLow) >> 9));

    /// <summary>Whether the page was accessed.</summary>
    public bool IsReferenced => (R & HpteR.Referenced) != 0;

    /// <summary>Whether the page was stored to. It means something in valid entries alone: the others keep stale words.</summary>
    public bool IsChanged => (R & HpteR.Changed) != 0;

    /// <summary>Whether the protection lets anyone store, by KVM's test: neither 011 nor 110.</summary>
    public bool IsWritable => (R & HpteR.Protection) is not (HpteR.PpReadOnly or HpteR.PpSupervisorReadOnly);

    /// <summary>The page's size, or null where the selector is none that KVM accepts.</summary>
    public HptePageSize? PageSize => HptePageSize.Decode(V, R);

    /// <summary>An entry from its bytes in a table: both words big-endian.</summary>
    /// <param name="raw">The words as they lie in memory.</param>
    public static Hpte FromRaw(WordPair raw) => new(Swap(raw.First), Swap(raw.Second));

    /// <summary>An entry from the words of an ISA 3.0 table: the segment's size stands in R there.</summary>
    /// <param name="v">The first word by value.</param>
    /// <param name="r">The second word by value.</param>
    public static Hpte FromIsa30(ulong v, ulong r) =>
        new((v & Isa30Common) | ((r & Isa30SegmentSize) << Isa30SegmentShift), r & ~Isa30SegmentSize);

    /// <summary>The words of this entry in an ISA 3.0 table.</summary>
    public Hpte ToIsa30() =>
        new(V & Isa30Common, (R & ~Isa30SegmentSize) | ((V & HpteV.SegmentSize) >> Isa30SegmentShift));

    /// <summary>The entry as it lies in a table.</summary>
    public WordPair ToRaw() => new(Swap(V), Swap(R));

    /// <summary>R with the protection that lets nobody store: KVM's choice of it.</summary>
    /// <param name="r">Any second word.</param>
    public static ulong MakeReadOnly(ulong r) =>
        (r & HpteR.Pp0) != 0 || (r & HpteR.Pp) == 0
            ? (r & ~HpteR.Protection) | HpteR.PpSupervisorReadOnly
            : r | HpteR.PpReadOnly;

    /// <inheritdoc/>
    public override string ToString() => $"V=0x{V:X16} R=0x{R:X16}";

    /// <summary>A word by value from its bytes in the table, and the other way round.</summary>
    internal static ulong Swap(ulong word) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(word) : word;
}
