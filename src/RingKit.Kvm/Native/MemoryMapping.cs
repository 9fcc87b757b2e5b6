using System.Runtime.InteropServices;
using RingKit.Memory;
using RingKit.Mmu;

namespace RingKit.Kvm.Native;

/// <summary>Owns a shared mapping of a file. It goes when it is disposed and no structure that is laid over it is left.</summary>
internal sealed unsafe class MemoryMapping : SafeHandle
{
    private readonly nuint _length;

    private MemoryMapping(nint start, nuint length)
        : base(-1, ownsHandle: true)
    {
        _length = length;
        SetHandle(start);
    }

    public override bool IsInvalid => handle == -1;

    /// <summary>Maps a file for reading and writing.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where the mapping begins in the file, in bytes.</param>
    /// <param name="length">In bytes.</param>
    /// <param name="mapping">The mapping, if there is no error.</param>
    public static Errno Create(FileDescriptor file, long offset, nuint length, out MemoryMapping? mapping)
    {
        nint start = Libc.Map(0, length, Libc.ProtectRead | Libc.ProtectWrite, Libc.MapShared, file, offset);
        mapping = start == -1 ? null : new MemoryMapping(start, length);
        return mapping is null ? Libc.LastError : Errno.None;
    }

    /// <summary>All of the mapping, as many elements as fit whole. A structure that is laid over it keeps it.</summary>
    public NativeView<T> View<T>()
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return new NativeView<T>((T*)handle, _length / (nuint)sizeof(T), this);
    }

    protected override bool ReleaseHandle() => Libc.Unmap(handle, _length) == 0;
}
