using RingKit.Mmu.HashTable;

namespace RingKit.Properties.HashTable.Model;

/// <summary>A virtual address that the guest maps and unmaps, and the size of its page.</summary>
internal sealed record GuestAddress(VirtualAddress Virtual, HptePageSize Size)
{
    private const ulong SmallVsid = 0x1234;
    private const ulong FirstSmall = 0x10000;

    // Where the large page is, and both slots.
    private static readonly ulong[] SmallPages = [0, 0x1000, 0x42_0000, 0x42_1000, 0x1_0000, 0x400_0000, 0x400_1000, 0x40F_F000];
    private static readonly ulong[] MediumPages = [0, 0x42_0000, 0x1_0000, 0x400_0000, 0x40F_0000, 0xFF_0000];
    private static readonly ulong[] LargePages = [0, 0, 0, 0x400_0000];

    /// <summary>All addresses: small ones that share one group of a table of order 18, others that share it too, and large pages.</summary>
    public static GuestAddress[] All { get; } = [.. MakeAll()];

    /// <summary>Where a page without memory is.</summary>
    public const ulong Device = 0x5000_0000;

    /// <summary>A guest-physical page of this size.</summary>
    public ulong Page(int choice)
    {
        ulong[] pages = Size.ActualShift switch { 12 => SmallPages, 16 => MediumPages, _ => LargePages };
        return choice % 32 == 31 ? Device : pages[choice % pages.Length];
    }

    private static IEnumerable<GuestAddress> MakeAll()
    {
        for (ulong i = 0; i < 6; i++)
            yield return new(new VirtualAddress(SmallVsid, FirstSmall + (i << 23), 12, IsOneTebibyteSegment: false), HptePageSize.Small);

        const ulong group = (SmallVsid ^ (FirstSmall >> 12)) & 0x7FF;
        for (ulong i = 1; i < 4; i++)
            yield return new(new VirtualAddress((group ^ i) | (i << 12), i << 16, 16, IsOneTebibyteSegment: false), HptePageSize.Medium);

        yield return new(new VirtualAddress(0xABCDE, 0x7FFF_1234_0000, 16, IsOneTebibyteSegment: true), HptePageSize.Medium);
        yield return new(new VirtualAddress(0x777, 0x500_0000, 12, IsOneTebibyteSegment: false), new HptePageSize(12, 16));
        yield return new(new VirtualAddress(0x777, 0x300_0000, 24, IsOneTebibyteSegment: false), HptePageSize.Large);
        yield return new(new VirtualAddress(0x333, 0x300_0000, 24, IsOneTebibyteSegment: false), HptePageSize.Large);
    }
}
