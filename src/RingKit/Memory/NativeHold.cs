using System.Runtime.InteropServices;

namespace RingKit.Memory;

/// <summary>Keeps the memory behind a view for the length of a call: a <see cref="NativeLease"/> that needs no object.</summary>
internal readonly ref struct NativeHold : IDisposable
{
    private readonly SafeHandle? _handle;

    public NativeHold(SafeHandle? handle)
    {
        bool added = false;
        handle?.DangerousAddRef(ref added);   // throws ObjectDisposedException on a closed handle
        _handle = handle;
    }

    public void Dispose() => _handle?.DangerousRelease();
}
