using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Ordering;
using RingKit.Rings.Cores;

namespace RingKit.Properties.Rings;

/// <summary>Memory with a ring in it that starts at any index.</summary>
internal sealed class RingMemory : IDisposable
{
    private readonly NativeBlock<byte> _block;

    public RingMemory(uint kind, int capacity, ulong startIndex = 0, uint policy = 0, uint cursors = 0)
    {
        Shape = new RingShape(kind, Unsafe.SizeOf<Item>(), (uint)capacity, policy, cursors);
        _block = new NativeBlock<byte>(Shape.Length);
        Shape.Format<HardwareOrdering>(View, startIndex);
    }

    public RingShape Shape { get; }

    public NativeView<byte> View => _block.View;

    public unsafe ref ulong Word(int offset) => ref Unsafe.AsRef<ulong>(View.DangerousPointer + offset);

    public void Dispose() => _block.Dispose();
}
