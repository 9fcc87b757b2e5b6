using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>Small resets worked out by hand: what coalescing makes of them, and what either policy applies of that.</summary>
public sealed class WorkedExamples
{
    private const string Same = "same";

    /// <summary>Entries as slot:offset; batches as slot,base,mask in hex. Slots 1, 2 and 10001 (address space 1) have so many pages.</summary>
    public static TheoryData<string, string, ulong, string, string, string> Examples => new()
    {
        // name, entries, pages of a slot, coalesced, applied by RefuseBatch, applied by RefusePages
        { "one page", "1:7", 1000, "1,7,1", Same, Same },
        { "ascending", "1:0 1:1 1:2 1:3", 1000, "1,0,f", Same, Same },
        { "descending", "1:3 1:2 1:1 1:0", 1000, "1,0,f", Same, Same },
        { "65 ascending", Range(0, 64), 1000, "1,0,ffffffffffffffff 1,40,1", Same, Same },
        { "65 descending", Range(64, 0), 1000, "1,1,ffffffffffffffff 1,0,1", Same, Same },
        { "backward would lose bit 63", "1:a 1:49 1:9", 1000, "1,a,8000000000000001 1,9,1", Same, Same },
        { "63 back, then one too far", "1:3f 1:0 1:40", 1000, "1,0,8000000000000001 1,40,1", Same, Same },
        { "no look-back", "1:0 2:0 1:1", 1000, "1,0,1 2,0,1 1,1,1", Same, Same },
        { "duplicates", "1:5 1:5 1:6 1:5", 1000, "1,5,3", Same, Same },
        { "address spaces differ", "1:4 10001:5", 1000, "1,4,1 10001,5,1", Same, Same },
        { "back, then forward", "1:14 1:a 1:49 1:4a", 1000, "1,a,8000000000000401 1,4a,1", Same, Same },
        { "base moves back from 64 to 1", "1:0 1:40 1:1", 1000, "1,0,1 1,1,8000000000000001", Same, Same },
        { "last page beyond the slot", "1:5a 1:63 1:69", 100, "1,5a,8201", "", "1,5a,201" },
        { "wraps past 2^64 to page 0", "1:ffffffffffffffc1 1:0", 1000, "1,ffffffffffffffc1,8000000000000001", "", "1,0,1" },
        { "wraps, two pages at the top", "1:ffffffffffffffff 1:2 1:0", 1000, "1,ffffffffffffffff,b", "", "1,0,5" },
        { "wraps past page 0", "1:ffffffffffffffff 1:2 1:4", 1000, "1,ffffffffffffffff,29", "", "1,2,5" },
        { "2^32 apart upward", "1:a 1:10000000b", 1000, "1,a,1 1,10000000b,1", "1,a,1", "1,a,1" },
        { "2^32 apart downward", "1:10000000a 1:b", 1000, "1,10000000a,1 1,b,1", "1,b,1", "1,b,1" },
        { "unknown slot", "9c40:0 1:0", 1000, "9c40,0,1 1,0,1", "1,0,1", "1,0,1" },
        { "last page", "1:3e7 1:3e8", 1000, "1,3e7,3", "", "1,3e7,1" },
        { "first page out", "1:3e8", 1000, "1,3e8,1", "", "" },
        { "nothing harvested", "", 1000, "", Same, Same },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public void Reset_does_what_was_worked_out(
        string name, string entries, ulong pages, string coalesced, string batchesKept, string pagesKept)
    {
        Assert.NotEmpty(name);
        (uint Slot, ulong Offset)[] parsed = [.. Words(entries).Select(ParseEntry)];
        ResetBatch[] expected = ParseBatches(coalesced);

        using (RingRig rig = Harvested(parsed))
        {
            Assert.Equal(expected, rig.ResetUnchecked());
            Assert.Equal(0u, rig.Core.Used);
        }

        AssertPolicy(OutOfRangePolicy.RefuseBatch, batchesKept);
        AssertPolicy(OutOfRangePolicy.RefusePages, pagesKept);

        void AssertPolicy(OutOfRangePolicy policy, string applied)
        {
            var target = new SlotsTarget(new Dictionary<uint, ulong> { [1] = pages, [2] = pages, [0x10001] = pages });
            ResetBatch[] kept = string.Equals(applied, Same, StringComparison.Ordinal) ? expected : ParseBatches(applied);
            int refused = expected.Sum(batch => batch.PageCount) - kept.Sum(batch => batch.PageCount);
            using RingRig rig = Harvested(parsed);

            ResetResult result = rig.Resetter.Reset(ref target, policy: policy);

            Assert.Empty(target.Violations);
            Assert.Equal(kept, target.Calls);
            Assert.Equal(new ResetResult(parsed.Length, expected.Length, refused), result);
            Assert.Equal((ulong)refused, rig.Resetter.RefusedPages);
        }
    }

    [Fact]
    public void Sixty_four_neighbours_are_one_call()
    {
        var target = new SlotsTarget(new Dictionary<uint, ulong> { [3] = 64 });
        using RingRig rig = Harvested([.. Enumerable.Range(0, 64).Select(page => (3u, (ulong)page))]);
        Assert.Equal(new ResetResult(64, 1, 0), rig.Resetter.Reset(ref target));
        Assert.Equal([new ResetBatch(3, 0, ulong.MaxValue)], target.Calls);
    }

    private static RingRig Harvested((uint Slot, ulong Offset)[] entries)
    {
        var rig = new RingRig(128);
        foreach ((uint slot, ulong offset) in entries)
            Assert.Equal(PushResult.Pushed, rig.Producer.TryPush(slot, offset));
        Assert.Equal(entries.Length, rig.Harvester.Harvest(new DirtyGfn[128]));
        return rig;
    }

    private static string Range(int from, int to)
    {
        IEnumerable<int> pages = Enumerable.Range(Math.Min(from, to), Math.Abs(to - from) + 1);
        return string.Join(' ', (from < to ? pages : pages.Reverse()).Select(page => $"1:{page:x}"));
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static (uint Slot, ulong Offset) ParseEntry(string text)
    {
        string[] fields = text.Split(':');
        return (Convert.ToUInt32(fields[0], 16), Convert.ToUInt64(fields[1], 16));
    }

    private static ResetBatch[] ParseBatches(string text) =>
    [
        .. Words(text).Select(word => word.Split(','))
            .Select(fields => new ResetBatch(
                Convert.ToUInt32(fields[0], 16), Convert.ToUInt64(fields[1], 16), Convert.ToUInt64(fields[2], 16))),
    ];
}
