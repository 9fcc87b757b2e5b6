using FsCheck.Fluent;
using RingKit.Mmu.HashTable;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.HashTable;

public sealed class HptStatisticsTests
{
    [Fact]
    public void Counts_are_those_of_a_plain_loop_in_either_format()
    {
        Props.Check(
            Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), seed =>
            {
                using HashedPageTable table = Table(new Random(seed), isa30: seed % 2 == 1);
                List<Hpte> all = [];
                for (ulong index = 0; index < table.EntryCount; index++)
                    all.Add(table[index]);
                Hpte[] valid = [.. all.Where(entry => entry.IsValid)];
                var frames = valid.Where(entry => entry.IsChanged && entry.PageSize is not null)
                    .Select(entry => (entry.PageSize!.Value.ActualShift, entry.Rpn >> entry.PageSize!.Value.ActualShift));
                var sizes = valid.Where(entry => entry.PageSize is not null).GroupBy(entry => entry.PageSize!.Value)
                    .OrderBy(size => size.Key.ActualShift).ThenBy(size => size.Key.BaseShift);

                var counts = HptStatistics.Of(table);
                Assert.Equal(table.EntryCount, counts.Entries);
                Assert.Equal(valid.Length, (int)counts.Valid);
                Assert.Equal(all.Count(entry => entry is { IsAbsent: true, IsValid: false }), (int)counts.Absent);
                Assert.Equal(valid.Count(entry => entry.IsBolted), (int)counts.Bolted);
                Assert.Equal(valid.Count(entry => entry.IsSecondary), (int)counts.Secondary);
                Assert.Equal(valid.Count(entry => entry.IsLarge), (int)counts.Large);
                Assert.Equal(valid.Count(entry => entry.IsReferenced), (int)counts.Referenced);
                Assert.Equal(valid.Count(entry => entry.IsChanged), (int)counts.Changed);
                Assert.Equal(valid.Count(entry => entry.IsWritable), (int)counts.Writable);
                Assert.Equal(valid.Count(entry => entry.PageSize is null), (int)counts.OfNoPageSize);
                Assert.Equal(sizes.Select(size => (size.Key, (ulong)size.Count())), counts.PageSizes);
                Assert.Equal(frames.Distinct().Count(), (int)counts.DistinctChangedFrames);
            }),
            nameof(Counts_are_those_of_a_plain_loop_in_either_format),
            maxTest: 40);
    }

    // More frames than fit at first, many of them twice; or few, very often.
    private static HashedPageTable Table(Random random, bool isa30)
    {
        var table = new HashedPageTable(HptGeometry.MinimumOrder, isa30);
        ulong frames = random.Next(2) == 0 ? 0x3FUL << 12 : 0x1FF_FFFFUL << 12;
        for (ulong index = 0; index < table.EntryCount; index++)
        {
            ulong v = (ulong)random.NextInt64() & ~HpteV.HvLock;
            ulong r = ((ulong)random.NextInt64() << 1) & (frames | ~HpteR.Rpn);
            r |= random.Next(6) switch { 0 => 0x1000UL, 1 => 0x7000, 2 => 0x8000, 3 => 0x3000, _ => 0 };
            table[index] = new Hpte(v, r);
        }

        return table;
    }
}
