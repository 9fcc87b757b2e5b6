using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.Tdp;

/// <summary>A vCPU's page-modification log: 512 guest-physical addresses that the processor fills from the last place down.</summary>
/// <remarks>
/// Thread role: the vCPU's holder, which is its own thread in the guest or one that invalidates while it is outside (E6). Source: Intel's PML; draining as in Linux
/// since 6.15, oldest first.
/// </remarks>
internal sealed class PageModificationLog<TOrdering>
    where TOrdering : struct, IOrdering
{
    /// <summary>How many addresses it holds.</summary>
    public const int Capacity = 512;

    /// <summary>511: where it begins. Linux: <c>PML_HEAD_INDEX</c>.</summary>
    public const ushort HeadIndex = Capacity - 1;

    // Never disposed: the memory goes when nothing holds the view any more.
    private readonly NativeView<ulong> _entries = new NativeBlock<ulong>(Capacity).View;

    /// <summary>Where the next address goes. Below 0 it wraps to 0xFFFF.</summary>
    public ushort Index { get; private set; } = HeadIndex;

    /// <summary>Whether the next address has no place: the vCPU leaves the guest before the store that would be logged.</summary>
    public bool IsFull => Index > HeadIndex;

    /// <summary>How many addresses are in it.</summary>
    public int Count => unchecked((ushort)(HeadIndex - Index));

    /// <summary>The processor logs a store. Not if it is full.</summary>
    public void Push(ulong gfn)
    {
        TOrdering.WritePlain(ref _entries[Index], gfn << GuestPage.Shift);
        Index = unchecked((ushort)(Index - 1));
    }

    /// <summary>Takes all addresses out, oldest first.</summary>
    /// <param name="sink">Gets the guest frames.</param>
    /// <returns>How many there were.</returns>
    public int Drain<TSink>(ref TSink sink)
        where TSink : struct, IModificationSink, allows ref struct
    {
        int count = Count;
        for (int i = 0; i < count; i++)
            sink.Accept(TOrdering.ReadPlain(ref _entries[(nuint)(HeadIndex - i)]) >> GuestPage.Shift);
        Index = HeadIndex;
        return count;
    }
}
