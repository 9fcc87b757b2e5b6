using System.Runtime.InteropServices;
using RingKit.Bench.Rivals;
using RingKit.DirtyRings;
using RingKit.Memory;

namespace RingKit.Bench.Kvm;

/// <summary>A harvest of a dirty ring as one writes it in C, against the system's own header.</summary>
internal sealed unsafe class HarvestInC : IDisposable
{
    private readonly NativeRival _library;
    private readonly nint _handle;
    private readonly delegate* unmanaged<DirtyGfn*, uint, uint*, ulong*, ulong, ulong> _harvest;

    private HarvestInC(NativeRival library)
    {
        _library = library;
        _handle = NativeLibrary.Load(library.File);
        _harvest = (delegate* unmanaged<DirtyGfn*, uint, uint*, ulong*, ulong, ulong>)NativeLibrary.GetExport(_handle, "rival_harvest");
    }

    /// <summary>Compiles and loads it.</summary>
    /// <returns>The library, or null and one line that says what is missing.</returns>
    public static HarvestInC? TryLoad(out string missing) =>
        NativeRival.TryCompile("kvm_ring.cpp", "linux/kvm.h", "linux-libc-dev", out missing, ["-shared", "-fPIC"]) is { } library ? new HarvestInC(library) : null;

    /// <summary>Harvests all that is there.</summary>
    /// <param name="ring">A power of two of entries.</param>
    /// <param name="fetch">The next entry, which is moved on.</param>
    /// <param name="words">A bit for each page, a power of two of words.</param>
    /// <returns>How many there were.</returns>
    public ulong Harvest(NativeView<DirtyGfn> ring, ref uint fetch, NativeView<ulong> words)
    {
        // Invariant: the ring and the words are powers of two in length, and their owners keep them for as long as this lasts.
        fixed (uint* next = &fetch)
            return _harvest(ring.DangerousPointer, (uint)ring.Length - 1, next, words.DangerousPointer, words.Length - 1);
    }

    public void Dispose()
    {
        NativeLibrary.Free(_handle);
        _library.Dispose();
    }
}
