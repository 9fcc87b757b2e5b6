using System.Numerics;
using System.Runtime.InteropServices;
using RingKit.Bitmaps.Decoding;

namespace RingKit.Properties.Bitmaps;

/// <summary>A way to decode, under the name by which a failing test should call it.</summary>
internal sealed record DecodingWay<T>(string Name, bool IsSupported, DecodingWay<T>.Call Decode)
    where T : unmanaged, IBinaryInteger<T>
{
    internal delegate int Call(ReadOnlySpan<ulong> words, T firstIndex, Span<T> destination, ref ulong cursor);

    /// <summary>Each of the word decoders by itself, the pairs that take turns, and what users call.</summary>
    public static IEnumerable<DecodingWay<T>> All { get; } =
    [
        Of<LoopDecoder, LoopDecoder>(),
        Of<UnrolledDecoder, UnrolledDecoder>(),
        Of<TableDecoder, TableDecoder>(),
        Of<WideCompressDecoder, WideCompressDecoder>(),
        Of<SparseCompressDecoder, SparseCompressDecoder>(),
        Of<CompressDecoder, CompressDecoder>(),
        Of<LoopDecoder, UnrolledDecoder>(),
        Of<UnrolledDecoder, TableDecoder>(),
        Of<UnrolledDecoder, WideCompressDecoder>(),
        Of<SparseCompressDecoder, CompressDecoder>(),
        new(nameof(BitmapDecoder), IsSupported: true, Public),
    ];

    public static IEnumerable<DecodingWay<T>> Supported => All.Where(way => way.IsSupported);

    private static DecodingWay<T> Of<TSparse, TDense>()
        where TSparse : struct, IWordDecoder
        where TDense : struct, IWordDecoder =>
        new($"{typeof(TSparse).Name}, {typeof(TDense).Name}", TSparse.IsSupported && TDense.IsSupported, Run<TSparse, TDense>);

    private static int Run<TSparse, TDense>(ReadOnlySpan<ulong> words, T firstIndex, Span<T> destination, ref ulong cursor)
        where TSparse : struct, IWordDecoder
        where TDense : struct, IWordDecoder =>
        BitmapDecoder.Decode<TSparse, TDense, T>(words, firstIndex, destination, ref cursor, denseFrom: 8);

    private static int Public(ReadOnlySpan<ulong> words, T firstIndex, Span<T> destination, ref ulong cursor)
    {
        return typeof(T) == typeof(uint)
            ? BitmapDecoder.Decode(words, uint.CreateTruncating(firstIndex), MemoryMarshal.Cast<T, uint>(destination), ref cursor)
            : BitmapDecoder.Decode(words, ulong.CreateTruncating(firstIndex), MemoryMarshal.Cast<T, ulong>(destination), ref cursor);
    }
}
