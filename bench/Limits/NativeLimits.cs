using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using RingKit.Bench.Rivals;

namespace RingKit.Bench.Limits;

/// <summary>The bare instructions, by way of a small C++ library that is compiled where g++ is there.</summary>
internal sealed unsafe class NativeLimits : IDisposable
{
    private readonly NativeRival _library;
    private readonly nint _handle;
    private readonly delegate* unmanaged<ulong*, uint*, nuint, nuint, void> _or;
    private readonly delegate* unmanaged<ulong*, uint*, nuint, nuint, void> _orEdges;
    private readonly delegate* unmanaged<ulong*, uint*, nuint, ulong> _exchange;
    private readonly delegate* unmanaged<ulong*, uint*, nuint, ulong> _plain;
    private readonly delegate* unmanaged<ulong*, nuint, ulong> _read;
    private readonly delegate* unmanaged<ulong*, nuint, ulong> _readQuarters;
    private readonly delegate* unmanaged<ulong*, nuint, ulong> _countQuarters;
    private readonly delegate* unmanaged<ulong*, nuint, ulong> _addQuarters;
    private readonly delegate* unmanaged<ulong*, nuint, ulong> _scan;
    private readonly delegate* unmanaged<ulong*, nuint, ulong*, ulong> _runs;
    private readonly delegate* unmanaged<ulong*, nuint, ulong*, ulong> _runsKept;

    // As wide as the runtime's.
    private static string[] Vectors => Vector512.IsHardwareAccelerated ? [] : ["-mno-avx512f"];

    private NativeLimits(NativeRival library)
    {
        _library = library;
        _handle = NativeLibrary.Load(library.File);
        _or = (delegate* unmanaged<ulong*, uint*, nuint, nuint, void>)NativeLibrary.GetExport(_handle, "limit_or");
        _orEdges = (delegate* unmanaged<ulong*, uint*, nuint, nuint, void>)NativeLibrary.GetExport(_handle, "limit_or_edges");
        _exchange = (delegate* unmanaged<ulong*, uint*, nuint, ulong>)NativeLibrary.GetExport(_handle, "limit_exchange");
        _plain = (delegate* unmanaged<ulong*, uint*, nuint, ulong>)NativeLibrary.GetExport(_handle, "limit_plain");
        _read = (delegate* unmanaged<ulong*, nuint, ulong>)NativeLibrary.GetExport(_handle, "limit_read");
        _readQuarters = (delegate* unmanaged<ulong*, nuint, ulong>)NativeLibrary.GetExport(_handle, "limit_read_quarters");
        _countQuarters = (delegate* unmanaged<ulong*, nuint, ulong>)NativeLibrary.GetExport(_handle, "limit_count_quarters");
        _addQuarters = (delegate* unmanaged<ulong*, nuint, ulong>)NativeLibrary.GetExport(_handle, "limit_add_quarters");
        _scan = (delegate* unmanaged<ulong*, nuint, ulong>)NativeLibrary.GetExport(_handle, "limit_scan");
        _runs = (delegate* unmanaged<ulong*, nuint, ulong*, ulong>)NativeLibrary.GetExport(_handle, "limit_runs");
        _runsKept = (delegate* unmanaged<ulong*, nuint, ulong*, ulong>)NativeLibrary.GetExport(_handle, "limit_runs_kept");
    }

    /// <summary>Compiles and loads it.</summary>
    /// <returns>The library, or null and one line that says what is missing.</returns>
    public static NativeLimits? TryLoad(out string missing) =>
        NativeRival.TryCompile("limits.cpp", "cstdint", "libstdc++-dev", out missing, ["-shared", "-fPIC", .. Vectors]) is { } library
            ? new NativeLimits(library)
            : null;

    /// <summary>One locked or for each of so many neighbouring words, from each start on.</summary>
    public void Or(Span<ulong> words, ReadOnlySpan<uint> starts, int neighbours)
    {
        fixed (ulong* first = words)
        fixed (uint* start = starts)
            _or(first, start, (nuint)starts.Length, (nuint)neighbours);
    }

    /// <summary>The same, with plain stores of the words between the first and the last.</summary>
    public void OrEdges(Span<ulong> words, ReadOnlySpan<uint> starts, int neighbours)
    {
        fixed (ulong* first = words)
        fixed (uint* start = starts)
            _orEdges(first, start, (nuint)starts.Length, (nuint)neighbours);
    }

    /// <summary>One locked exchange for each known word; how many bits they had.</summary>
    public ulong Exchange(Span<ulong> words, ReadOnlySpan<uint> known)
    {
        fixed (ulong* first = words)
        fixed (uint* start = known)
            return _exchange(first, start, (nuint)known.Length);
    }

    /// <summary>The same by loads and stores.</summary>
    public ulong Plain(Span<ulong> words, ReadOnlySpan<uint> known)
    {
        fixed (ulong* first = words)
        fixed (uint* start = known)
            return _plain(first, start, (nuint)known.Length);
    }

    /// <summary>The or of all words.</summary>
    public ulong Read(Span<ulong> words)
    {
        fixed (ulong* first = words)
            return _read(first, (nuint)words.Length);
    }

    /// <summary>Whether the counts are those of a vector at a time, which .NET has no name for.</summary>
    public static bool CountsVectors => Vector512.IsHardwareAccelerated && Avx512Vbmi2.IsSupported;

    /// <summary>The same, in four streams. A multiple of 64 words.</summary>
    public ulong ReadQuarters(Span<ulong> words)
    {
        fixed (ulong* first = words)
            return _readQuarters(first, (nuint)words.Length);
    }

    /// <summary>How many bits are set, in four streams. A multiple of 64 words.</summary>
    public ulong CountQuarters(Span<ulong> words)
    {
        fixed (ulong* first = words)
            return _countQuarters(first, (nuint)words.Length);
    }

    /// <summary>The same by the adders of the library. A multiple of 128 words.</summary>
    public ulong AddQuarters(Span<ulong> words)
    {
        fixed (ulong* first = words)
            return _addQuarters(first, (nuint)words.Length);
    }

    /// <summary>A scan, and the exchanges of what it finds; how many bits they had. A multiple of 64 words.</summary>
    public ulong Scan(Span<ulong> words)
    {
        fixed (ulong* first = words)
            return _scan(first, (nuint)words.Length);
    }

    /// <summary>The same, and the runs; how many pages they had.</summary>
    public ulong Runs(Span<ulong> words)
    {
        ulong pages = 0;
        fixed (ulong* first = words)
            return _runs(first, (nuint)words.Length, &pages);
    }

    /// <summary>The same, keeping what of a word a failing sink would leave.</summary>
    public ulong RunsKept(Span<ulong> words)
    {
        ulong pages = 0;
        fixed (ulong* first = words)
            return _runsKept(first, (nuint)words.Length, &pages);
    }

    public void Dispose()
    {
        NativeLibrary.Free(_handle);
        _library.Dispose();
    }
}
