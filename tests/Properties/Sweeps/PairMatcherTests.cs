using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using RingKit.Memory;
using RingKit.Properties.Support;
using RingKit.Sweeps;
using RingKit.Sweeps.Matching;
using Xunit;

namespace RingKit.Properties.Sweeps;

/// <summary>
/// The kernel of each width by itself, as far as this processor has it. <see cref="Bitmaps.EverySimdPath"/> runs them again with the
/// instructions that a narrower processor would have.
/// </summary>
public sealed class PairMatcherTests
{
    [Fact]
    public void With_vectors_of_512_bits()
    {
        Assert.SkipUnless(Avx512F.IsSupported, "this processor, or this process, has no AVX-512");
        Check<Vector512Matcher>();
    }

    [Fact]
    public void With_vectors_of_256_bits()
    {
        Assert.SkipUnless(Avx2.IsSupported, "this processor, or this process, has no AVX2");
        Check<Vector256Matcher>();
    }

    [Fact]
    public void With_vectors_of_128_bits_or_what_stands_for_them() => Check<Vector128Matcher>();

    [Fact]
    public void Without_vectors() => Check<ScalarMatcher>();

    [Fact]
    public void With_the_upper_halves_of_words() => CheckHalf<HighHalf>();

    [Fact]
    public void With_the_lower_halves_of_words() => CheckHalf<LowHalf>();

    private static void CheckHalf<THalf>()
        where THalf : struct, IWordHalf
    {
        Assert.SkipUnless(Avx2.IsSupported, "this processor, or this process, has no AVX2");
        ulong half = (ulong)uint.MaxValue << THalf.Shift;
        Assert.True(IWordHalf.Has<THalf>(new PairFilter(half, half, half, half)));
        foreach (PairFilter outside in (PairFilter[])[new(~half, 0), new(0, ~half), new(1, 1, ~half), new(1, 1, 0, ~half)])
            Assert.False(IWordHalf.Has<THalf>(outside));
        Check<Vector256HalfMatcher<THalf>>(half);
        if (Avx512F.IsSupported)
            Check<Vector512HalfMatcher<THalf>>(half);
    }

    // Filters have no bits outside of the given ones.
    private static void Check<TMatcher>(ulong bits = ulong.MaxValue)
        where TMatcher : struct, IPairMatcher<TMatcher>
    {
        // Every combination of words that have the bits or miss one, at every place; then random ones, against an unreadable page.
        const ulong First = 0x0100_0000_0000_0040;
        const ulong Second = 0x8000_0000_0000_0001;
        var pairs = new WordPair[64];
        for (int place = 0; place < 64; place++)
        {
            foreach (ulong first in (ulong[])[First, First & (First - 1), 1UL << 6, 0, ~First])
            {
                foreach (ulong second in (ulong[])[Second, 1, 1UL << 63, 0, ~Second])
                {
                    pairs[place] = new WordPair(first, second);
                    CheckGroup<TMatcher>(pairs, new PairFilter(First & bits, Second & bits));
                    CheckGroup<TMatcher>(pairs, new PairFilter(1UL << 40 & bits, 1UL << 40 & bits, First & bits, Second & bits));
                }
            }

            pairs[place] = default;
        }

        Assert.SkipWhen(GuardedWords.WhyNot is not null, GuardedWords.WhyNot ?? "");
        using var before = new GuardedWords(128, againstEnd: false);
        using var behind = new GuardedWords(128, againstEnd: true);
        var random = new Random(20180301);
        for (int round = 0; round < 500; round++)
        {
            PairFilter filter = PairModel.Filter(random, bits);
            WordPair[] table = PairModel.Table(random, 64, filter, density: random.NextDouble());
            CheckGroup<TMatcher>(CopyTo(before.View, table), filter);
            CheckGroup<TMatcher>(CopyTo(behind.View, table), filter);
        }
    }

    private static void CheckGroup<TMatcher>(ReadOnlySpan<WordPair> pairs, PairFilter filter)
        where TMatcher : struct, IPairMatcher<TMatcher>
    {
        ulong expected = 0;
        ulong expectedAgain = 0;
        for (int pair = 0; pair < pairs.Length; pair++)
        {
            expected |= PairModel.IsCandidate(filter, pairs[pair]) ? 1UL << pair : 0;
            expectedAgain |= PairModel.HasAgain(filter, pairs[pair]) ? 1UL << pair : 0;
        }

        TMatcher.For(filter).Match(in pairs[0], again: true, out ulong candidates, out ulong lookAgain);
        Assert.Equal((expected, expectedAgain), (TMatcher.Ordered(candidates), TMatcher.Ordered(lookAgain)));
        TMatcher.For(filter).Match(in pairs[0], again: false, out candidates, out lookAgain);
        Assert.Equal((expected, 0ul), (TMatcher.Ordered(candidates), TMatcher.Ordered(lookAgain)));
    }

    private static ReadOnlySpan<WordPair> CopyTo(NativeView<ulong> words, WordPair[] table)
    {
        Span<WordPair> pairs = MemoryMarshal.Cast<ulong, WordPair>(words.AsSpan());
        table.CopyTo(pairs);
        return pairs;
    }
}
