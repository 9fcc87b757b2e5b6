using System.Runtime.CompilerServices;
using System.Runtime.ConstrainedExecution;
using System.Runtime.InteropServices;

namespace RingKit.Memory;

/// <summary>
/// Keeps the memory behind a view allocated while a structure is laid over it, even if its owner is disposed first.
/// </summary>
/// <remarks>
/// For structures of one's own over a view: take a lease when the structure is made, dispose it with the structure. Any thread may dispose it, once or more
/// often. Memory that RingKit does not own has no handle; its lease does nothing and its caller keeps it alive.
/// </remarks>
public sealed class NativeLease : CriticalFinalizerObject, IDisposable
{
    private SafeHandle? _handle;

    internal NativeLease(SafeHandle? handle)
    {
        if (handle is null)
            return;

        bool added = false;
        handle.DangerousAddRef(ref added);   // throws ObjectDisposedException on a closed handle
        _handle = handle;
    }

    /// <summary>Gives the memory back.</summary>
#pragma warning disable MA0055 // A structure that nobody disposed still has to give its reference back.
    ~NativeLease() => Release();
#pragma warning restore MA0055

    /// <summary>Allocates zeroed memory that the lease alone keeps.</summary>
    /// <param name="length">How many <typeparamref name="T"/>; may be 0.</param>
    /// <param name="alignment">Of the first element in bytes: a power of two, at least 128 and at most 1 GiB.</param>
    /// <param name="view">The memory.</param>
    /// <typeparam name="T">A type without references.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The alignment is none of these, or the size in bytes overflows.</exception>
    /// <exception cref="OutOfMemoryException">There is no such memory.</exception>
    public static NativeLease Allocate<T>(nuint length, nuint alignment, out NativeView<T> view)
        where T : unmanaged
    {
        using var block = new NativeBlock<T>(length, alignment);
        view = block.View;
        return view.Lease();
    }

    /// <summary>Gives the memory back; it is freed when its owner and every other lease have done so.</summary>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    [MethodImpl(MethodImplOptions.Synchronized)]
    private void Release()
    {
        _handle?.DangerousRelease();
        _handle = null;
    }
}
