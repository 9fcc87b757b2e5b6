using RingKit.Memory;
using RingKit.Properties.Support;

namespace RingKit.Properties.Bitmaps.Operations;

/// <summary>A bitmap and what it means, with a guard page (where there are any) at one of its ends: an access beyond kills the process.</summary>
internal sealed class GuardedBitmap : IDisposable
{
    private readonly IDisposable _memory;
    private readonly NativeView<ulong> _view;

    public GuardedBitmap(BitmapCase wanted)
    {
        Bits = (ulong)wanted.Bits;
        int words = (wanted.Bits + 63) / 64;
        if (GuardedWords.WhyNot is null)
        {
            var guarded = new GuardedWords(words, wanted.AgainstEnd);
            (_memory, _view) = (guarded, guarded.View);
        }
        else
        {
            var block = new NativeBlock<ulong>((nuint)words);
            (_memory, _view) = (block, block.View);
        }

        Model = BitmapModel.Pattern(new Random(wanted.Seed), wanted.Bits, wanted.Density, wanted.Runs);
        Write(Model, Words);
        if (wanted.SetPadding && wanted.Bits % 64 != 0)
            Words[^1] |= ((ulong)wanted.Seed * 0x9e3779b97f4a7c15) << wanted.Bits;
    }

    public bool[] Model { get; }

    public ulong Bits { get; }

    public Span<ulong> Words => _view.AsSpan();

    /// <summary>What the words hold now.</summary>
    public bool[] Read() => Read(Words, Model.Length);

    public void Dispose() => _memory.Dispose();

    public static bool[] Read(ReadOnlySpan<ulong> words, int bits)
    {
        bool[] model = new bool[bits];
        for (int bit = 0; bit < bits; bit++)
            model[bit] = (words[bit / 64] >> (bit % 64) & 1) != 0;
        return model;
    }

    /// <summary>Whether the padding of a result is 0.</summary>
    public static bool PaddingIsZero(ReadOnlySpan<ulong> words, int bits) => bits % 64 == 0 || words[bits / 64] >> (bits % 64) == 0;

    private static void Write(bool[] model, Span<ulong> words)
    {
        for (int bit = 0; bit < model.Length; bit++)
        {
            if (model[bit])
                words[bit / 64] |= 1UL << (bit % 64);
        }
    }
}
