using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using RingKit.Bench.Inputs;
using RingKit.Bitmaps.Operations;
using RingKit.Memory;

namespace RingKit.Bench.Limits;

/// <summary>The floor of counting bits: three times as fast as <c>TensorPrimitives.PopCount</c>, with AVX2 one and a half times.</summary>
internal sealed class CountLimits : IDisposable
{
    private const int Bytes = 64 << 20;

    private static readonly int[] Kibibytes = [4, 32, 256, 2048, 8192, 32768, 65536];

    private readonly NativeLimits _bare;
    private readonly NativeBlock<ulong> _words;
    private readonly NativeBlock<ulong> _counts;

    /// <summary>Prepares them.</summary>
    /// <param name="bare">The instructions.</param>
    /// <param name="shrink">By how much bitmaps are smaller than they should be, for a trial.</param>
    public CountLimits(NativeLimits bare, int shrink)
    {
        _bare = bare;
        _words = new NativeBlock<ulong>((nuint)(Bytes / shrink) / sizeof(ulong), (nuint)Environment.SystemPageSize);
        _counts = new NativeBlock<ulong>(_words.Length, (nuint)Environment.SystemPageSize);
        new Random(20170723).NextBytes(MemoryMarshal.AsBytes(_words.View.AsSpan()));
        Written.Clear(_counts.View.AsSpan());
        All = [.. Kibibytes.Select(kibibytes => Count(kibibytes, shrink))];
    }

    public IReadOnlyList<Limit> All { get; }

    /// <summary>What was counted, so that it is.</summary>
    public ulong Sum { get; private set; }

    public void Dispose()
    {
        _counts.Dispose();
        _words.Dispose();
    }

    // Short ones many times over, so that a call is measured and not the clock.
    private Limit Count(int kibibytes, int shrink)
    {
        int words = Math.Min(kibibytes * 128, (int)_words.Length);
        int repeats = Math.Max(1, (1 << 16) / words / shrink);
        void Repeat(Func<int, ulong> count)
        {
            for (int i = 0; i < repeats; i++)
                Sum += count(words);
        }

        return new Limit(
            $"count the bits of {kibibytes} KiB",
            "KiB",
            words / 128.0 * repeats,
            "a third of the rival's",
            () => { },
            () => Repeat(length => BitmapCount.Count(_words.View.AsSpan()[..length])),
            [
                ("TensorPrimitives.PopCount, the rival", () => Repeat(length => Tensor(length))),
                ("read loop", () => Repeat(length => _bare.Read(_words.View.AsSpan()[..length]))),
                ("read loop, four quarters", () => Repeat(length => _bare.ReadQuarters(_words.View.AsSpan()[..length]))),
                ("the same loop in C", () => Repeat(length => _bare.AddQuarters(_words.View.AsSpan()[..length]))),
                (NativeLimits.CountsVectors ? "vpopcntq, four quarters" : "popcnt, four quarters", () => Repeat(length => _bare.CountQuarters(_words.View.AsSpan()[..length]))),
            ]);
    }

    private ulong Tensor(int length)
    {
        TensorPrimitives.PopCount(_words.View.AsSpan()[..length], _counts.View.AsSpan());
        return 0;
    }
}
