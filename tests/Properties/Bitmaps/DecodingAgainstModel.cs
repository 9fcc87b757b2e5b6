using System.Numerics;
using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps.Decoding;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>
/// Every way to decode that this processor has, against a look at each bit. Words and destinations end at a page that nobody may touch.
/// <see cref="EverySimdPath"/> runs this class once for each width of vector.
/// </summary>
public sealed class DecodingAgainstModel
{
    private const ulong First32 = 0xFFFF_0000 - 64;
    private const ulong First64 = 0x1234_FFFF_FFF0_0040;

    [Fact]
    public void Says_which_ways_ran()
    {
        Report.Line($"decoding was tested by {string.Join("; ", DecodingWay<uint>.Supported.Select(way => way.Name))}");
        string[] missing = [.. DecodingWay<uint>.All.Where(way => !way.IsSupported).Select(way => way.Name)];
        if (missing.Length != 0)
            Report.Line($"this processor, as the runtime sees it, has no {string.Join("; ", missing)}");
        Assert.Contains(DecodingWay<uint>.Supported, way => string.Equals(way.Name, nameof(BitmapDecoder), StringComparison.Ordinal));
    }

    [Fact]
    public void Every_count_of_bits_in_a_word_at_every_place_in_a_group()
    {
        var random = new Random(20180221);
        for (int bits = 0; bits <= 64; bits++)
        {
            for (int place = 0; place < 70; place++)
            {
                ulong[] words = new ulong[70];
                words[place] = WordOf(random, bits);
                words[random.Next(70)] |= WordOf(random, random.Next(65));
                Check(words);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.0005)]
    [InlineData(0.01)]
    [InlineData(0.1)]
    [InlineData(0.25)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(1)]
    public void Every_length_at_every_density(double density)
    {
        var random = new Random(20220506);
        for (int length = 0; length < 200; length++)
            Check(Words(BitmapModel.Pattern(random, length * 64, density, runs: length % 2 == 0)));
    }

    [Fact]
    public void A_destination_of_every_length_gives_the_same_sequence()
    {
        var random = new Random(20220510);
        for (int room = 1; room <= 400; room++)
        {
            double density = room % 5 == 0 ? 1 : random.NextDouble() * random.NextDouble();
            ulong[] words = Words(BitmapModel.Pattern(random, 64 * random.Next(1, 40), density, runs: room % 2 == 0));
            Check<uint>(words, uint.CreateTruncating(First32), [room]);
            Check(words, First64, [room]);
        }
    }

    [Fact]
    public void Random_segments_and_destinations()
    {
        // Segments of different densities, so that the choice by the group before is wrong at times.
        Gen<((int Words, int Percent, bool Runs)[] Segments, int Seed, int[] Rooms)> cases =
            from segments in Gen.ArrayOf(
                from words in Gen.Choose(0, 150)
                from percent in Gen.Elements(0, 1, 5, 20, 50, 95, 100)
                from runs in Gen.Elements(true, false)
                select (words, percent, runs))
            from seed in Gen.Choose(0, int.MaxValue)
            from rooms in Gen.NonEmptyListOf(Gen.Choose(1, 700))
            select (segments, seed, rooms.ToArray());

        Props.Check(
            Prop.ForAll(Arb.From(cases), given =>
            {
                var random = new Random(given.Seed);
                ulong[] words = [.. given.Segments.SelectMany(
                    segment => Words(BitmapModel.Pattern(random, segment.Words * 64, segment.Percent / 100.0, segment.Runs)))];
                Check(words, (uint)random.NextInt64(uint.MaxValue - ((long)words.Length * 64)), given.Rooms);
                Check(words, (ulong)random.NextInt64(), given.Rooms);
            }),
            nameof(Random_segments_and_destinations),
            endSize: 12);
    }

    [Fact]
    public void One_mask_in_a_destination_of_every_length()
    {
        var random = new Random(20140811);
        for (int bits = 0; bits <= 64; bits++)
        {
            ulong mask = WordOf(random, bits);
            for (int room = bits; room <= 70; room++)
            {
                using var places = new Places<uint>(room);
                Assert.Equal(bits, BitmapDecoder.Decode(mask, 0xFFFF_FF00u, places.Span));
                Assert.Equal(Expected([mask], 0xFFFF_FF00u, 0), places.Span[..bits].ToArray());
                using var widePlaces = new Places<ulong>(room);
                Assert.Equal(bits, BitmapDecoder.Decode(mask, First64, widePlaces.Span));
                Assert.Equal(Expected([mask], First64, 0), widePlaces.Span[..bits].ToArray());
            }
        }
    }

    private static void Check(ulong[] words)
    {
        int bits = words.Sum(BitOperations.PopCount);
        Check<uint>(words, uint.CreateTruncating(First32), [bits, 1]);
        Check(words, First64, [bits, 1]);
    }

    // Decodes in pieces of the given sizes, round and round, from the start and from somewhere inside a word.
    private static void Check<T>(ulong[] words, T first, int[] rooms)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        using GuardedWords? guarded = GuardedWords.WhyNot is null ? new GuardedWords(words.Length, againstEnd: true) : null;
        Span<ulong> given = guarded is null ? (ulong[])words.Clone() : guarded.View.AsSpan();
        words.CopyTo(given);
        Places<T>[] places = [.. rooms.Select(room => new Places<T>(room))];
        foreach (ulong start in (ulong[])[0, (ulong)words.Length * 64 / 3])
        {
            T[] expected = Expected(words, first, start);
            foreach (DecodingWay<T> way in DecodingWay<T>.Supported)
            {
                List<T> decoded = [];
                ulong cursor = start;
                for (int turn = 0; cursor < (ulong)words.Length * 64; turn++)
                {
                    int room = rooms[turn % rooms.Length];
                    Places<T> destination = places[turn % rooms.Length];
                    int count = way.Decode(given, first, destination.Span, ref cursor);
                    Assert.True(count == room || cursor == (ulong)words.Length * 64, $"{way.Name}: {count} of {room} at bit {cursor}");
                    decoded.AddRange(destination.Span[..count]);
                    destination.CheckBefore();
                }

                Assert.True(expected.AsSpan().SequenceEqual(CollectionsMarshal.AsSpan(decoded)), $"{way.Name}: {words.Length} words");
            }
        }

        Array.ForEach(places, destination => destination.Dispose());
        Assert.Equal(words, given.ToArray());
    }

    private static T[] Expected<T>(ulong[] words, T first, ulong start)
        where T : unmanaged, IBinaryInteger<T>
    {
        List<T> expected = [];
        for (ulong bit = start; bit < (ulong)words.Length * 64; bit++)
        {
            if ((words[bit / 64] >> (int)(bit % 64) & 1) != 0)
                expected.Add(first + T.CreateTruncating(bit));
        }

        return [.. expected];
    }

    private static ulong WordOf(Random random, int bits)
    {
        int[] places = [.. Enumerable.Range(0, 64)];
        random.Shuffle(places);
        return places.Take(bits).Aggregate(0UL, (word, place) => word | 1UL << place);
    }

    private static ulong[] Words(bool[] pattern)
    {
        ulong[] words = new ulong[pattern.Length / 64];
        for (int bit = 0; bit < pattern.Length; bit++)
            words[bit / 64] |= (pattern[bit] ? 1UL : 0) << (bit % 64);
        return words;
    }

    /// <summary>Places to decode into, that end at a page that nobody may touch and begin behind others that must stay as they are.</summary>
    private sealed class Places<T> : IDisposable
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        private const int Before = 4;

        private readonly GuardedWords? _guarded;
        private readonly Memory<T> _plain;
        private readonly int _length;

        public Places(int length)
        {
            _length = length;
            if (GuardedWords.WhyNot is null)
                _guarded = new GuardedWords(length + Before, againstEnd: true);
            else
                _plain = new T[length + Before];
            All.Fill(T.MaxValue);
        }

        public Span<T> Span => All[Before..];

        private Span<T> All => (_guarded is null ? _plain.Span : MemoryMarshal.Cast<ulong, T>(_guarded.View.AsSpan()))[^(_length + Before)..];

        public void CheckBefore() => Assert.False(All[..Before].ContainsAnyExcept(T.MaxValue));

        public void Dispose() => _guarded?.Dispose();
    }
}
