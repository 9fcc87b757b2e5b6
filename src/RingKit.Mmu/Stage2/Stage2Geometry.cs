using System.Runtime.CompilerServices;
using RingKit.Mmu.PageTables;

namespace RingKit.Mmu.Stage2;

/// <summary>The shape of a stage-2 table for an IPA size: 4K granule, concatenated start tables, no LPA2.</summary>
/// <remarks>
/// Up to 16 tables stand side by side at the start level, which resolves up to 4 bits more than a table's 9: the start index is not masked.
/// Source: Arm's concatenated translation tables, and KVM's levels for an IPA size.
/// </remarks>
public readonly record struct Stage2Geometry
{
    /// <summary>The least IPA size in bits.</summary>
    public const int MinimumIpaBits = 32;

    /// <summary>The greatest IPA size in bits.</summary>
    public const int MaximumIpaBits = 48;

    /// <summary>KVM's size where the VM's type names none.</summary>
    public const int DefaultIpaBits = 40;

    /// <summary>The level of pages.</summary>
    public const int LastLevel = 3;

    /// <summary>The first level that may have blocks.</summary>
    public const int MinimumBlockLevel = 1;

    /// <summary>Entries in a table.</summary>
    public const int EntriesPerTable = TableSize.Entries;

    /// <summary>Bytes in a table, and in a page.</summary>
    public const int TableBytes = TableSize.Bytes;

    private const int PageShift = 12;
    private const int BitsPerLevel = 9;
    private const int ConcatenatedBits = 4;

    /// <summary>The geometry of an IPA size.</summary>
    /// <param name="ipaBits">32 to 48.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is none of these.</exception>
    public Stage2Geometry(int ipaBits)
    {
        if (ipaBits is < MinimumIpaBits or > MaximumIpaBits)
            throw new ArgumentOutOfRangeException(nameof(ipaBits), ipaBits, $"An IPA size is {MinimumIpaBits} to {MaximumIpaBits} bits.");
        IpaBits = ipaBits;
        StartLevel = LastLevel + 1 - LevelsFor(ipaBits);
    }

    /// <summary>Bits of an IPA.</summary>
    public int IpaBits { get; }

    /// <summary>The level where walks start: 0, 1 or 2.</summary>
    public int StartLevel { get; }

    /// <summary>How many levels a walk passes: 2 to 4.</summary>
    public int Levels => LastLevel + 1 - StartLevel;

    /// <summary>Bytes that IPAs reach.</summary>
    public ulong IpaSize => 1UL << IpaBits;

    /// <summary>Tables side by side at the start level: 1 to 16.</summary>
    public int StartPages => (int)((IpaSize - 1) >> Math.Min(ShiftAt(StartLevel - 1), 63)) + 1;

    /// <summary>Entries at the start level that IPAs reach.</summary>
    public int StartEntries => 1 << (IpaBits - ShiftAt(StartLevel));

    /// <summary>Tables that a fault may need at most, which a memory cache must hold beforehand.</summary>
    public int TablesPerFault => Levels - 1;

    /// <summary>VTCR_EL2.T0SZ.</summary>
    public int T0Sz => 64 - IpaBits;

    /// <summary>VTCR_EL2.SL0.</summary>
    public int Sl0 => 2 - StartLevel;

    /// <summary>The geometry that KVM_CREATE_VM would choose.</summary>
    /// <param name="ipaBits">KVM_VM_TYPE_ARM_IPA_SIZE: 0 for <see cref="DefaultIpaBits"/>.</param>
    /// <param name="hostLimit">The host's limit in bits.</param>
    /// <param name="geometry">The geometry, or none if refused.</param>
    /// <returns><see cref="Errno.Invalid"/> for a size below 32 or above the host's limit.</returns>
    public static Errno TryCreate(int ipaBits, int hostLimit, out Stage2Geometry geometry)
    {
        geometry = default;
        if (ipaBits == 0)
            ipaBits = DefaultIpaBits;
        if (ipaBits < MinimumIpaBits || ipaBits > Math.Min(hostLimit, MaximumIpaBits))
            return Errno.Invalid;

        geometry = new Stage2Geometry(ipaBits);
        return Errno.None;
    }

    /// <summary>The lowest IPA bit that a level resolves: 12 at level 3, 21, 30, 39.</summary>
    /// <param name="level">-1 to 3.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ShiftAt(int level) => PageShift + (BitsPerLevel * (LastLevel - level));

    /// <summary>Bytes that an entry of a level covers.</summary>
    /// <param name="level">-1 to 3.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SizeAt(int level) => 1UL << ShiftAt(level);

    /// <summary>Whether an IPA is within the size.</summary>
    /// <param name="ipa">Any value.</param>
    public bool Holds(ulong ipa) => ipa >> IpaBits == 0;

    /// <summary>The index of an IPA's entry at a level; at the start level over all its tables.</summary>
    /// <param name="ipa">An IPA within the size.</param>
    /// <param name="level">The start level to 3.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong IndexAt(ulong ipa, int level)
    {
        ulong index = ipa >> ShiftAt(level);
        return level == StartLevel ? index : index & (EntriesPerTable - 1);
    }

    /// <summary>Whether a level may have blocks, or pages, in this geometry.</summary>
    /// <param name="level">Any value.</param>
    public bool MapsAt(int level) => level <= LastLevel && level >= Math.Max(MinimumBlockLevel, StartLevel);

    private static int LevelsFor(int ipaBits) => Math.Max(2, (ipaBits - ConcatenatedBits - 4) / BitsPerLevel);
}
