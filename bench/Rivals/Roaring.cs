using System.Runtime.InteropServices;

namespace RingKit.Bench.Rivals;

/// <summary>CRoaring, by way of a small C++ library that is compiled where g++ and CRoaring are there.</summary>
internal sealed unsafe class Roaring : IDisposable
{
    private readonly NativeRival _library;
    private readonly nint _handle;
    private readonly delegate* unmanaged<ulong*, nuint, void*> _make;
    private readonly delegate* unmanaged<void*, void*> _copy;
    private readonly delegate* unmanaged<void*, void> _free;
    private readonly delegate* unmanaged<void*, uint*, ulong> _decode;
    private readonly delegate* unmanaged<ulong*, nuint, uint*, ulong> _decodeWords;

    private Roaring(NativeRival library)
    {
        _library = library;
        _handle = NativeLibrary.Load(library.File);
        _make = (delegate* unmanaged<ulong*, nuint, void*>)NativeLibrary.GetExport(_handle, "rival_make");
        _copy = (delegate* unmanaged<void*, void*>)NativeLibrary.GetExport(_handle, "rival_copy");
        _free = (delegate* unmanaged<void*, void>)NativeLibrary.GetExport(_handle, "rival_free");
        _decode = (delegate* unmanaged<void*, uint*, ulong>)NativeLibrary.GetExport(_handle, "rival_decode");
        _decodeWords = (delegate* unmanaged<ulong*, nuint, uint*, ulong>)NativeLibrary.GetExport(_handle, "rival_decode_words");
    }

    /// <summary>Compiles and loads it.</summary>
    /// <returns>The library, or null and one line that says what is missing.</returns>
    public static Roaring? TryLoad(out string missing) =>
        NativeRival.TryCompile("roaring_decode.cpp", "roaring/", "libroaring-dev", out missing, "-shared", "-fPIC", "-lroaring") is { } library
            ? new Roaring(library)
            : null;

    /// <summary>Makes a compressed bitmap of the same bits, with runs where they are smaller.</summary>
    public nint Make(ReadOnlySpan<ulong> words)
    {
        fixed (ulong* first = words)
            return (nint)_make(first, (nuint)words.Length);
    }

    /// <summary>Makes another one of the same bits, in memory of its own.</summary>
    public nint Copy(nint bitmap) => (nint)_copy((void*)bitmap);

    public void Free(nint bitmap) => _free((void*)bitmap);

    /// <summary>Writes the indices of a compressed bitmap; there must be room for all.</summary>
    public ulong Decode(nint bitmap, Span<uint> destination)
    {
        fixed (uint* first = destination)
            return _decode((void*)bitmap, first);
    }

    /// <summary>Writes the indices of a plain bitmap; there must be room for all.</summary>
    public ulong Decode(ReadOnlySpan<ulong> words, Span<uint> destination)
    {
        fixed (ulong* firstWord = words)
        fixed (uint* first = destination)
            return _decodeWords(firstWord, (nuint)words.Length, first);
    }

    public void Dispose()
    {
        NativeLibrary.Free(_handle);
        _library.Dispose();
    }
}
