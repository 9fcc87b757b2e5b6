using System.IO.Compression;
using System.Runtime.InteropServices;
using RingKit.Memory;
using RingKit.Properties.Support;
using RingKit.Sweeps;
using Xunit;

namespace RingKit.Properties.Sweeps;

/// <summary>
/// A real hashed page table, of a PowerPC guest of 512 MiB that has booted Debian's installer: 2^18 entries, big-endian. What must be found
/// was counted by another program.
/// </summary>
public sealed class DebianTable
{
    private const int Entries = 262_144;
    private const ulong Valid = 0x1;
    private const ulong Locked = 0x40;
    private const ulong Changed = 0x80;
    private const ulong FoldOfChangedIndices = 0xa011_be94_c8a1_d672;

    private static readonly PairFilter ValidOnes = PairFilter.ForBigEndian(Valid, 0);
    private static readonly PairFilter ChangedOnes = PairFilter.ForBigEndian(Valid, Changed, againFirst: Locked);

    [Fact]
    public void Has_9415_valid_entries_of_which_8583_are_changed()
    {
        using NativeBlock<WordPair> table = Read();
        Assert.Equal(new PairCounts(9415, 0), PairSweep.Count(table.View, ValidOnes));
        Assert.Equal(new PairCounts(8583, 0), PairSweep.Count(table.View, ChangedOnes));
        Assert.Equal(new PairCounts(9415, 0), PairSweep.Count(table.View.AsSpan(), ValidOnes));
        Report.Line($"{Entries} entries, {PairSweep.Count(table.View, ValidOnes).Candidates} valid, "
            + $"{PairSweep.Count(table.View, ChangedOnes).Candidates} of them changed");
    }

    [Fact]
    public void Counts_the_same_in_parallel()
    {
        // By itself it is too small for several threads; ten of them in a row are not.
        const int Copies = 10;
        using NativeBlock<WordPair> table = Read();
        using var copies = new NativeBlock<WordPair>(Copies * Entries);
        for (nuint copy = 0; copy < Copies; copy++)
            table.View.AsSpan().CopyTo(copies.View.Slice(copy * Entries, Entries).AsSpan());

        Assert.Equal(new PairCounts(8583, 0), PairSweep.CountParallel(table.View, ChangedOnes));
        Assert.Equal(new PairCounts(Copies * 9415, 0), PairSweep.CountParallel(copies.View, ValidOnes));
        Assert.Equal(new PairCounts(Copies * 8583, 0), PairSweep.CountParallel(copies.View, ChangedOnes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(8583)]
    [InlineData(10_000)]
    public void Finds_the_changed_entries(int room)
    {
        using NativeBlock<WordPair> table = Read();
        ulong[] destination = new ulong[room];
        ulong fold = 0;
        ulong found = 0;
        for (ulong cursor = 0; cursor < table.Length;)
        {
            int count = PairSweep.Find(table.View, ChangedOnes, destination, ref cursor);
            foreach (ulong index in destination.AsSpan(0, count))
                fold = (fold * 31) + index;
            found += (uint)count;
        }

        Assert.Equal(8583ul, found);
        Assert.Equal(FoldOfChangedIndices, fold);
    }

    [Fact]
    public void Hands_the_changed_entries_to_a_sink()
    {
        using NativeBlock<WordPair> table = Read();
        var sink = new PairLists([], []);
        PairSweep.Sweep(table.View, ChangedOnes, ref sink);
        Assert.Empty(sink.LookAgain);
        Assert.Equal(FoldOfChangedIndices, sink.Candidates.Aggregate(0UL, (fold, index) => (fold * 31) + index));
        Report.Line($"fold of the changed entries' indices {sink.Candidates.Aggregate(0UL, (fold, index) => (fold * 31) + index):x}");
    }

    private static NativeBlock<WordPair> Read()
    {
        var table = new NativeBlock<WordPair>(Entries);
        using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "data", "hpt", "debian-512m.hpt.gz"));
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        gzip.ReadExactly(MemoryMarshal.AsBytes(table.View.AsSpan()));
        Assert.Equal(-1, gzip.ReadByte());
        return table;
    }
}
