using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using RingKit.Memory;
using RingKit.Sweeps;

namespace RingKit.Bench.Rivals;

/// <summary>The sweep's instructions, and the plain loop, in C++ with the vectors that the runtime uses too: what the limit is.</summary>
internal sealed unsafe class NativeSweep : IDisposable
{
    private readonly NativeRival _library;
    private readonly nint _handle;
    private readonly delegate* unmanaged<WordPair*, nuint, PairFilter*, PairCounts*, void> _naive;
    private readonly delegate* unmanaged<WordPair*, nuint, PairFilter*, PairCounts*, void> _whole;
    private readonly delegate* unmanaged<WordPair*, nuint, PairFilter*, PairCounts*, void> _halves;

    private NativeSweep(NativeRival library)
    {
        _library = library;
        _handle = NativeLibrary.Load(library.File);
        _naive = Function("rival_naive");
        _whole = Function("rival_whole");
        _halves = Function("rival_halves");
    }

    /// <summary>Compiles and loads it.</summary>
    /// <returns>The library, or null and one line that says what is missing.</returns>
    public static NativeSweep? TryLoad(out string missing)
    {
        if (!Avx2.IsSupported)
        {
            missing = "this processor, or this process, has no AVX2";
            return null;
        }

        string[] narrower = Vector512.IsHardwareAccelerated ? [] : ["-mno-avx512f"];
        return NativeRival.TryCompile("pair_sweep.cpp", "immintrin.h", "g++", out missing, ["-shared", "-fPIC", .. narrower]) is { } library
            ? new NativeSweep(library)
            : null;
    }

    public PairCounts Naive(NativeView<WordPair> pairs, PairFilter filter) => Call(_naive, pairs, filter);

    /// <summary>Whole words, as the library compares them with 512 bits.</summary>
    public PairCounts Whole(NativeView<WordPair> pairs, PairFilter filter) => Call(_whole, pairs, filter);

    /// <summary>The upper halves of words, as the library compares them with 256 bits.</summary>
    public PairCounts Halves(NativeView<WordPair> pairs, PairFilter filter) => Call(_halves, pairs, filter);

    public void Dispose()
    {
        NativeLibrary.Free(_handle);
        _library.Dispose();
    }

    // Invariant: a filter and counts are four and two words and nothing else, in the order of their properties, as the C++ has them.
    private static PairCounts Call(
        delegate* unmanaged<WordPair*, nuint, PairFilter*, PairCounts*, void> function, NativeView<WordPair> pairs, PairFilter filter)
    {
        PairCounts counts = default;
        using NativeHold hold = pairs.Hold();
        function(pairs.DangerousPointer, pairs.Length, &filter, &counts);
        return counts;
    }

    private delegate* unmanaged<WordPair*, nuint, PairFilter*, PairCounts*, void> Function(string name) =>
        (delegate* unmanaged<WordPair*, nuint, PairFilter*, PairCounts*, void>)NativeLibrary.GetExport(_handle, name);
}
