using System.Runtime.Intrinsics;
using RingKit.Bitmaps.Operations.Kernels;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Operations;

/// <summary>
/// Every method of counting at every width, whether or not this processor would choose it: where a width is missing, the runtime puts it together.
/// <see cref="EverySimdPath"/> runs this class once for each width of vector.
/// </summary>
public sealed class PopCountKernelTests
{
    private delegate ulong Method(ref readonly ulong words, nuint length);

    private static readonly Method[] Methods =
    [
        PopCountKernel.Count,
        PopCountKernel.Scalar,
        PopCountKernel.EachVector<PopCount128, Vector128<ulong>>,
        PopCountKernel.EachVector<PopCount256, Vector256<ulong>>,
        PopCountKernel.EachVector<PopCount512, Vector512<ulong>>,
        PopCountKernel.HarleySeal<PopCount128, Vector128<ulong>>,
        PopCountKernel.HarleySeal<PopCount256, Vector256<ulong>>,
        PopCountKernel.HarleySeal<PopCount512, Vector512<ulong>>,
    ];

    [Fact]
    public void Every_method_at_every_length()
    {
        var random = new Random(20170723);
        for (int length = 0; length <= 600; length++)
        {
            using GuardedWords guarded = Guarded(length + 1, againstEnd: length % 2 == 0);
            Span<ulong> words = guarded.View.AsSpan()[..length];
            Fill(words, random, length % 4);
            Check(words, ref guarded.View[0]);
        }
    }

    [Fact]
    public void No_method_reads_beyond_either_end()
    {
        for (int length = 1; length <= 600; length++)
        {
            foreach (bool againstEnd in new[] { false, true })
            {
                using GuardedWords guarded = Guarded(length, againstEnd);
                guarded.View.AsSpan().Fill(ulong.MaxValue);
                Check(guarded.View.AsSpan(), ref guarded.View[0]);
            }
        }
    }

    [Fact]
    public void Sums_do_not_overflow_where_all_bits_are_set()
    {
        ulong[] words = new ulong[100_000];
        Array.Fill(words, ulong.MaxValue);
        Check(words, ref words[0]);
    }

    private static GuardedWords Guarded(int length, bool againstEnd)
    {
        Assert.SkipWhen(GuardedWords.WhyNot is not null, GuardedWords.WhyNot ?? "");
        return new GuardedWords(length, againstEnd);
    }

    private static void Fill(Span<ulong> words, Random random, int shape)
    {
        random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(words));
        foreach (ref ulong word in words)
        {
            ulong other = (ulong)random.NextInt64() << 1;
            word = shape switch { 0 => word, 1 => word | other, 2 => word & other, _ => ulong.MaxValue };
        }
    }

    private static void Check(Span<ulong> words, ref ulong first)
    {
        ulong expected = 0;
        foreach (ulong word in words)
        {
            for (int bit = 0; bit < 64; bit++)
                expected += word >> bit & 1;
        }

        foreach (Method method in Methods)
            Assert.Equal(expected, method(in first, (nuint)words.Length));
    }
}
