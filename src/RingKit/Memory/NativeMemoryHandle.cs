using System.Runtime.InteropServices;

namespace RingKit.Memory;

/// <summary>Owns one zeroed, aligned allocation. The memory goes back when the handle is closed and the last lease on it has ended.</summary>
internal sealed unsafe class NativeMemoryHandle : SafeHandle
{
    private readonly nuint _bytes;

    private NativeMemoryHandle(void* memory, nuint bytes, nuint alignment)
        : base(0, ownsHandle: true)
    {
        Start = (byte*)(((nuint)memory + alignment - 1) & ~(alignment - 1));
        _bytes = bytes;
        SetHandle((nint)memory);
        GC.AddMemoryPressure(PressureOf(bytes));
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>The aligned start of the allocation; <see cref="SafeHandle.handle"/> is what the allocator gave.</summary>
    public byte* Start { get; }

    // calloc, not an aligned allocation and a memset: the kernel's fresh pages are zero already and cost nothing until they are
    // touched, which lets a guest of 64 GiB exist on a laptop.
    public static NativeMemoryHandle Allocate(nuint bytes, nuint alignment)
    {
        nuint total = checked(Math.Max(bytes, 1) + alignment - 1);
        void* memory = NativeMemory.AllocZeroed(total);
        return new NativeMemoryHandle(memory, bytes, alignment);
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        GC.RemoveMemoryPressure(PressureOf(_bytes));
        return true;
    }

    private static long PressureOf(nuint bytes) => (long)Math.Clamp((ulong)bytes, 1, long.MaxValue);
}
