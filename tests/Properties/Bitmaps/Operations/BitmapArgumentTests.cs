using RingKit.Bitmaps.Operations;
using Xunit;

namespace RingKit.Properties.Bitmaps.Operations;

/// <summary>Lengths, ranges and spans that do not fit are refused by name, with what would fit, before anything is changed.</summary>
public sealed class BitmapArgumentTests
{
    private readonly ulong[] _two = [1, 2];
    private readonly ulong[] _three = [3, 4, 5];

    [Fact]
    public void Lengths_beyond_the_words()
    {
        Outside("bits", "128", () => BitmapCount.Count(_two, 129));
        Outside("bits", "128", () => BitmapCount.Count(_two, ulong.MaxValue));
        Outside("bits", "128", () => BitmapCount.Any(_two, 129));
        Outside("bits", "128", () => BitmapCount.All(_two, 129));
        Outside("bits", "128", () => BitmapCount.Equals(_two, _three, 129));
        Outside("bits", "128", () => BitmapSearch.NextSet(_two, 129, 0));
        Outside("bits", "128", () => BitmapSearch.NextClear(_two, 129, 0));
        Outside("bits", "128", () => BitmapSearch.NextSetRun(_two, 129, 0));
        Outside("bits", "128", () => BitmapSearch.NextClearRun(_two, 129, 0));
        Outside("bits", "128", () => BitmapLogic.Not(_two, 129));
        Outside("bits", "128", () => BitmapLogic.And(_two, _three, 129));
        Outside("bits", "128", () => BitmapLogic.And(_two, _three, _three, 129));
        Outside("bits", "128", () => ParallelBitmap.Or(_two, _three, 129));
        Outside("bits", "128", () => ParallelBitmap.Count(_two, 129));
        Outside("bits", "128", () => PooledBitmap.Xor(_two, _three, 129).Dispose());
        Outside("bits", "128", () => KvmBitmap.Export(_two, 129, new byte[100]));
        Outside("bits", "128", () => KvmBitmap.Export(_two, 129).Dispose());
    }

    [Fact]
    public void Ranges_beyond_the_words()
    {
        Outside("first", "128", () => BitmapCount.Count(_two, 129, 0));
        Outside("count", "118", () => BitmapCount.Count(_two, 10, 119));
        Outside("count", "118", () => BitmapCount.Any(_two, 10, ulong.MaxValue));
        Outside("count", "0", () => BitmapCount.All(_two, 128, 1));
        Outside("from", "100", () => BitmapSearch.NextSet(_two, 100, 101));
        Outside("from", "100", () => BitmapSearch.NextClearRun(_two, 100, 101));
        Outside("minimum", "", () => BitmapSearch.NextSetRun(_two, 100, 0, 0));
        Outside("sourceFirst", "128", () => BitmapCopy.Copy(_two, 129, _three, 0, 0));
        Outside("count", "128", () => BitmapCopy.Copy(_two, 0, _three, 0, 129));
        Outside("destinationFirst", "192", () => BitmapCopy.Copy(_two, 0, _three, 193, 0));
        Outside("count", "92", () => BitmapCopy.Copy(_two, 0, _three, 100, 93));
        Outside("first", "128", () => PooledBitmap.Copy(_two, ulong.MaxValue, 1).Dispose());
        Assert.Equal(128ul, BitmapSearch.NextSet(_two, 128, 128));
        Assert.Equal(0ul, BitmapCount.Count(_two, 128, 0));
        BitmapCopy.Copy(_two, 128, _three, 192, 0);
        Unchanged();
    }

    [Fact]
    public void Spans_that_are_too_small()
    {
        Refused("right", "3 words", () => BitmapLogic.And(_three, _two, _three, 192));
        Refused("destination", "3 words", () => BitmapLogic.Or(_three, _three, _two, 129));
        Refused("other", "3 words", () => BitmapLogic.Xor(_three, _two, 192));
        Refused("destination", "3 words", () => BitmapLogic.Not(_three, _two, 192));
        Refused("right", "3 words", () => PooledBitmap.AndNot(_three, _two, 192).Dispose());
        Refused("other", "3 words", () => ParallelBitmap.AndNot(_three, _two, 192));
        Refused("right", "3 words", () => BitmapCount.Equals(_three, _two, 192));
        Refused("destination", "2 times 8", () => KvmBitmap.Export(_two, 128, new byte[15]));
        Refused("source", "2 times 8", () => KvmBitmap.Import(new byte[15], 65, _two));
        Refused("source", "288230376151711744 times 8", () => KvmBitmap.Import(new byte[15], ulong.MaxValue, _two));
        Refused("destination", "3 words", () => KvmBitmap.Import(new byte[24], 129, _two));
        Unchanged();
    }

    [Fact]
    public void Operands_that_overlap_the_destination_from_another_word_on()
    {
        ulong[] words = [1, 2, 3, 4, 5];
        Refused("left", "begin", () => BitmapLogic.And(words.AsSpan(1, 3), _three, words.AsSpan(0, 3), 192));
        Refused("right", "begin", () => BitmapLogic.Or(_three, words.AsSpan(0, 3), words.AsSpan(2, 3), 192));
        Refused("other", "begin", () => BitmapLogic.Xor(words.AsSpan(0, 3), words.AsSpan(2, 3), 192));
        Refused("other", "begin", () => ParallelBitmap.Xor(words.AsSpan(0, 3), words.AsSpan(2, 3), 192));
        Refused("bitmap", "begin", () => BitmapLogic.Not(words.AsSpan(0, 3), words.AsSpan(1, 3), 192));
        Refused("destination", "overlap", () => KvmBitmap.Export(words, 128, Bytes(words.AsSpan(1))));
        Refused("destination", "overlap", () => KvmBitmap.Import(Bytes(words), 128, words.AsSpan(1)));
        Refused("other", "begin", () => BitmapLogic.Or(words, Misaligned(words), 64));
        Refused("source", "8 bytes", () => BitmapCopy.Copy(Misaligned(words), 0, words, 0, 64));
        Assert.Equal([1, 2, 3, 4, 5], words);

        // What the length does not reach may overlap.
        BitmapLogic.Or(words.AsSpan(0, 3), words.AsSpan(2, 3), 128);
        Assert.Equal([1 | 3, 2 | 4, 3, 4, 5], words);
    }

    private static Span<byte> Bytes(Span<ulong> words) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(words);

    private static ReadOnlySpan<ulong> Misaligned(Span<ulong> words) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(Bytes(words)[4..^4]);

    private static void Outside(string name, string allowed, Action call) => Check(Assert.Throws<ArgumentOutOfRangeException>(call), name, allowed);

    private static void Refused(string name, string allowed, Action call) => Check(Assert.Throws<ArgumentException>(call), name, allowed);

    private static void Check(ArgumentException refused, string name, string allowed)
    {
        Assert.Equal(name, refused.ParamName);
        Assert.Contains(allowed, refused.Message, StringComparison.Ordinal);
    }

    private void Unchanged()
    {
        Assert.Equal([1, 2], _two);
        Assert.Equal([3, 4, 5], _three);
    }
}
