using RingKit.Mmu.Guest;

namespace RingKit.Kvm.Guests;

/// <summary>What a guest program stores.</summary>
public sealed record GuestStores
{
    /// <summary>
    /// Turns of an empty loop between two stores that let a KVM which interprets its guests stop one in time, before its ring overflows: it looks only after
    /// some dozens of instructions, and records every store.
    /// </summary>
    public const int SafeTurns = 24;

    /// <summary>Where the stores go.</summary>
    public GuestPattern Pattern { get; init; }

    /// <summary>The first page of those that are stored to: not below <see cref="GuestProgram.FirstFreePage"/>.</summary>
    public int FirstPage { get; init; } = 16;

    /// <summary>How many pages, from 1 on; in real mode the last one is at most page 255.</summary>
    public int PageCount { get; init; } = 16;

    /// <summary>Stores until the guest halts; 0 for 2^32 in real mode and 2^64 in long mode, so that the stop flag ends it.</summary>
    public ulong Count { get; init; }

    /// <summary>Turns of an empty loop between two stores, from 1 to 65535.</summary>
    public int Turns { get; init; } = SafeTurns;

    /// <summary>How many pages are hot, for <see cref="GuestPattern.HotSet"/>: from 1 to <see cref="PageCount"/>.</summary>
    public int HotPages { get; init; } = 4;

    /// <summary>Where the generator begins; of the sequential patterns, at which of their pages the first store is: below <see cref="PageCount"/>.</summary>
    public uint Seed { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    internal static void Check(GuestStores stores, GuestMode mode, ulong memoryBytes)
    {
        int first = GuestProgram.FirstFreePage(mode, memoryBytes);
        int end = (int)Math.Min(memoryBytes >> GuestPage.Shift, mode == GuestMode.Real ? 256UL : int.MaxValue);
        bool isRandom = stores.Pattern is GuestPattern.Random or GuestPattern.HotSet;
        string? refusal = stores switch
        {
            _ when !Enum.IsDefined(stores.Pattern) => $"{nameof(Pattern)} must be one of {string.Join(", ", Enum.GetNames<GuestPattern>())}.",
            _ when stores.FirstPage < first || stores.FirstPage >= end => $"{nameof(FirstPage)} must be from {first} to {end - 1}.",
            _ when stores.PageCount < 1 || stores.PageCount > end - stores.FirstPage => $"{nameof(PageCount)} must be from 1 to {end - stores.FirstPage}.",
            _ when mode == GuestMode.Real && stores.Count > uint.MaxValue => $"{nameof(Count)} must be at most {uint.MaxValue}.",
            { Turns: < 1 or > ushort.MaxValue } => $"{nameof(Turns)} must be from 1 to {ushort.MaxValue}.",
            { Pattern: GuestPattern.HotSet } when stores.HotPages < 1 || stores.HotPages > stores.PageCount =>
                $"{nameof(HotPages)} must be from 1 to {stores.PageCount}.",
            _ when !isRandom && stores.Seed >= stores.PageCount => $"{nameof(Seed)} must be below {stores.PageCount}.",
            _ => null,
        };
        if (refusal is not null)
            throw new ArgumentOutOfRangeException(nameof(stores), stores, refusal);
    }
}
