using System.Runtime.CompilerServices;
using System.Runtime.ConstrainedExecution;
using System.Runtime.InteropServices;

namespace RingKit.Memory;

/// <summary>
/// Keeps the memory behind a view allocated while a structure is laid over it, even if its owner is disposed first.
/// </summary>
/// <remarks>Memory that RingKit does not own has no handle; its lease does nothing and its caller keeps it alive.</remarks>
internal sealed class NativeLease : CriticalFinalizerObject, IDisposable
{
    private SafeHandle? _handle;

    public NativeLease(SafeHandle? handle)
    {
        if (handle is null)
            return;

        bool added = false;
        handle.DangerousAddRef(ref added);   // throws ObjectDisposedException on a closed handle
        _handle = handle;
    }

#pragma warning disable MA0055 // A structure that nobody disposed still has to give its reference back.
    ~NativeLease() => Release();
#pragma warning restore MA0055

    /// <summary>Memory of its own: the lease alone keeps it.</summary>
    public static NativeLease Allocate<T>(nuint length, nuint alignment, out NativeView<T> view)
        where T : unmanaged
    {
        using var block = new NativeBlock<T>(length, alignment);
        view = block.View;
        return view.Lease();
    }

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
