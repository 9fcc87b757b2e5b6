using RingKit.Bench.Inputs;

namespace RingKit.Bench.Density;

/// <summary>The dirty pages of a cell: 2 MiB of words, of which smaller bitmaps are given one window after another, and which larger ones repeat.</summary>
/// <remarks>One small bitmap again and again would measure a branch predictor that knows it by heart.</remarks>
internal sealed class DirtyWords
{
    public const int Length = 1 << 18;

    private readonly ulong[] _words = new ulong[Length];

    public DirtyWords(double percent, DirtyShape shape)
    {
        var pattern = new DirtyPattern(Length, percent / 100, shape);
        pattern.Restore(_words);
        Share = pattern.DirtyPages / (Length * 64.0);
    }

    /// <summary>Which part of the pages is dirty: what was asked for, as near as random runs come to it.</summary>
    public double Share { get; }

    public ReadOnlySpan<ulong> All => _words;

    /// <summary>How many windows there are for a bitmap of so many words.</summary>
    public static int WindowsFor(int words) => Math.Max(1, Length / words);

    /// <summary>Fills a bitmap.</summary>
    public void CopyTo(Span<ulong> words, int window)
    {
        ReadOnlySpan<ulong> source = words.Length < Length ? _words.AsSpan(window * words.Length, words.Length) : _words;
        for (; !words.IsEmpty; words = words[source.Length..])
            source.CopyTo(words);
    }
}
