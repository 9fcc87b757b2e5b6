using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Rings.Cores;

/// <summary>What all rings do alike, whatever orders their memory.</summary>
internal abstract unsafe class RingCore<T, TOrdering> : RingEnds<T>
    where T : unmanaged
    where TOrdering : struct, IOrdering
{
    private protected RingCore(NativeView<byte> memory, in RingShape shape, nuint lines, bool canSleep, bool isShared)
        : base(memory, shape, lines)
    {
        Items = new SleepGate<TOrdering>(canSleep, isShared);
        Room = new SleepGate<TOrdering>(canSleep, isShared);
    }

    /// <summary>Where those sleep who wait for items.</summary>
    public SleepGate<TOrdering> Items { get; }

    /// <summary>Where those sleep who wait for room.</summary>
    public SleepGate<TOrdering> Room { get; }

    // Pacing has nothing to do with correctness, and a model of memory has no time.
    private protected bool Paces => typeof(TOrdering) == typeof(HardwareOrdering) && _mask >= Pacing.SmallestCapacity - 1;

    // The model of memory sees single accesses only, so it gets them; hardware gets one or two block copies.
    private protected void CopyIn(ulong index, ReadOnlySpan<T> items)
    {
        if (typeof(TOrdering) != typeof(HardwareOrdering))
        {
            for (int i = 0; i < items.Length; i++)
                TOrdering.WritePlain(ref ItemAt(index + (uint)i), items[i]);
            return;
        }

        Locate(index, items.Length, out Span<T> first, out Span<T> second);
        items[..first.Length].CopyTo(first);
        if (!second.IsEmpty)
            items[first.Length..].CopyTo(second);
    }

    // Tentative: the copy is thrown away if its reader turns out to have been thrown out.
    private protected void CopyOut(ulong index, Span<T> destination, bool isTentative = false)
    {
        if (typeof(TOrdering) != typeof(HardwareOrdering))
        {
            for (int i = 0; i < destination.Length; i++)
            {
                ref T item = ref ItemAt(index + (uint)i);
                destination[i] = isTentative ? TOrdering.ReadTentative(ref item) : TOrdering.ReadPlain(ref item);
            }

            return;
        }

        Locate(index, destination.Length, out Span<T> first, out Span<T> second);
        first.CopyTo(destination);
        if (!second.IsEmpty)
            second.CopyTo(destination[first.Length..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static ulong IndexOf(ulong word) => word & ~SharedRingLayout.LockedBit;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static bool HasFlag(ulong word) => (word & SharedRingLayout.LockedBit) != 0;

    private protected static void CheckCount(int count, int most, string what)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count > most)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"At most the {most} {what} items.");
    }
}
