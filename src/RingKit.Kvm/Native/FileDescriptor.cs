using System.Runtime.InteropServices;

namespace RingKit.Kvm.Native;

/// <summary>Owns a file descriptor. It is closed once: when it is disposed and no call uses it any more.</summary>
internal sealed class FileDescriptor : SafeHandle
{
    public FileDescriptor(int file)
        : base(-1, ownsHandle: true) => SetHandle(file);

    public override bool IsInvalid => handle < 0;

    protected override bool ReleaseHandle() => Libc.Close(handle) == 0;
}
