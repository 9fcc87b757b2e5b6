using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>H_PAGE_INIT: bytes, and the mark that no C could give.</summary>
public sealed class HypercallPageInitTests
{
    private const ulong Destination = 0x0042_3000;
    private const ulong Source = 0x0050_1000;

    [Fact]
    public void A_zeroed_page_is_recorded_as_changed()
    {
        foreach (HashTableEra era in HashScenario.Eras)
        {
            using var scenario = new HashScenario(era);
            Bytes(scenario, Destination - 1, 4098).Fill(0xEE);
            Assert.Equal(HypercallStatus.Success, PageInit(scenario, HypercallFlags.ZeroPage, Destination, 1));
            Assert.Equal(-1, Bytes(scenario, Destination, 4096).IndexOfAnyExcept((byte)0));
            Assert.Equal(0xEE, Bytes(scenario, Destination - 1, 1)[0]);
            Assert.Equal(0xEE, Bytes(scenario, Destination + 4096, 1)[0]);
            Assert.Equal([HashScenario.Gfn], scenario.HostRecord());
            scenario.CheckLocksAreFree();
        }
    }

    [Fact]
    public void A_copied_page_is_recorded_and_its_source_is_not()
    {
        using var scenario = new HashScenario();
        Bytes(scenario, Source, 4096).Fill(0x55);
        Assert.Equal(HypercallStatus.Success, PageInit(scenario, HypercallFlags.CopyPage | HypercallFlags.ZeroPage, Destination, Source));
        Assert.Equal(-1, Bytes(scenario, Destination, 4096).IndexOfAnyExcept((byte)0x55));
        Assert.Equal([HashScenario.Gfn], scenario.TakeChanged());
    }

    [Fact]
    public void A_write_past_the_table_that_leaves_no_mark_loses_a_page()
    {
        using var scenario = new HashScenario(defects: HashTableDefects.HostWriteUnmarked);
        PageInit(scenario, HypercallFlags.ZeroPage, Destination, 0);
        Assert.Empty(scenario.TakeChanged());
    }

    [Fact]
    public void Other_flags_are_taken_and_do_nothing()
    {
        using var scenario = new HashScenario();
        Bytes(scenario, Destination, 1)[0] = 7;
        foreach (ulong flags in (ulong[])[0, 1UL << 23, 1UL << 22, 0xFUL << 32])
            Assert.Equal(HypercallStatus.Success, PageInit(scenario, flags, Destination, 1));
        Assert.Equal(7, Bytes(scenario, Destination, 1)[0]);
        Assert.Empty(scenario.TakeChanged());
    }

    [Fact]
    public void Unknown_flags_and_addresses_are_refused()
    {
        using var scenario = new HashScenario();
        const ulong End = 0x1000_0000;
        (ulong Flags, ulong Destination, ulong Source)[] refused =
        [
            (HypercallFlags.ZeroPage | 1, Destination, Source),
            (HypercallFlags.ZeroPage | (1UL << 21), Destination, Source),
            (1UL << 36, Destination, Source),
            (HypercallFlags.ZeroPage, Destination + 1, Source),
            (0, Destination + 8, Source),
            (HypercallFlags.CopyPage, Destination, Source + 16),
            (HypercallFlags.ZeroPage, End, Source),
            (HypercallFlags.ZeroPage, ~0xFFFUL, Source),
            (HypercallFlags.CopyPage, End, Source),
            (HypercallFlags.CopyPage, Destination, End),
        ];
        foreach ((ulong flags, ulong destination, ulong source) in refused)
            Assert.Equal(HypercallStatus.Parameter, PageInit(scenario, flags, destination, source));
        Assert.Equal(HypercallStatus.Success, PageInit(scenario, HypercallFlags.ZeroPage, Destination, Source + 16));
        Assert.Equal([HashScenario.Gfn], scenario.TakeChanged());
    }

    private static HypercallStatus PageInit(HashScenario scenario, ulong flags, ulong destination, ulong source) =>
        scenario.Core.PageInit(ref scenario.Thread, flags, destination, source);

    private static Span<byte> Bytes(HashScenario scenario, ulong address, int length) =>
        scenario.Slot.Memory.Memory.Slice((nuint)address, (nuint)length).AsSpan();
}
