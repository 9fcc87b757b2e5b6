using RingKit.Memory;
using RingKit.Sweeps;

namespace RingKit.Bench.Inputs;

/// <summary>
/// A hashed page table to sweep: big-endian entries, of which a given part is valid and changed, 4 % are valid alone, 4 % are removed and still
/// have their changed bit, and one in 10,000 is locked.
/// </summary>
internal sealed class SweepTable : IDisposable
{
    private const ulong Valid = 0x1;
    private const ulong Locked = 0x40;
    private const ulong Changed = 0x80;
    private const int Seed = 20111215;

    // The table repeats a MiB: long enough that no branch predictor knows it, and quickly made.
    private const int RepeatedPairs = (1 << 20) / WordPair.SizeInBytes;

    private readonly NativeBlock<WordPair> _block;

    public SweepTable(int kibibytes, double density)
    {
        int pairs = kibibytes * 1024 / WordPair.SizeInBytes;
        _block = new NativeBlock<WordPair>((nuint)pairs, (nuint)Environment.SystemPageSize);
        Span<WordPair> all = _block.View.AsSpan();
        var random = new Random(Seed);
        for (int i = 0; i < Math.Min(pairs, RepeatedPairs); i++)
            all[i] = Entry(random, density);
        for (int i = RepeatedPairs; i < pairs; i += RepeatedPairs)
            all[..Math.Min(RepeatedPairs, pairs - i)].CopyTo(all[i..]);
    }

    /// <summary>Valid and changed, or locked: the harvest of a guest that runs.</summary>
    public static PairFilter Running { get; } = PairFilter.ForBigEndian(Valid, Changed, againFirst: Locked);

    /// <summary>Valid and changed: the harvest of a guest that is stopped.</summary>
    public static PairFilter Stopped { get; } = PairFilter.ForBigEndian(Valid, Changed);

    public NativeView<WordPair> View => _block.View;

    public void Dispose() => _block.Dispose();

    private static WordPair Entry(Random random, double density)
    {
        const ulong Flags = Valid | Locked | Changed;
        ulong first = (ulong)random.NextInt64() & ~Flags;
        ulong second = (ulong)random.NextInt64() & ~Flags;
        double place = random.NextDouble();
        if (place < density)
            (first, second) = (first | Valid, second | Changed);
        else if (place < density + (0.04 * (1 - density)))
            first |= Valid;
        else if (place < density + (0.08 * (1 - density)))
            second |= Changed;
        if (random.NextDouble() < 0.0001)
            first = (first & ~Valid) | Locked;
        return new WordPair(BigEndian(first), BigEndian(second));
    }

    private static ulong BigEndian(ulong value) =>
        BitConverter.IsLittleEndian ? System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value) : value;
}
