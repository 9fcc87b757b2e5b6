using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Ordering;
using RingKit.Rings.Cores;

namespace RingKit.Rings;

/// <summary>
/// A bounded queue from one <see cref="Producer"/> to one <see cref="Consumer"/>, first in, first out. The fastest of the rings.
/// </summary>
/// <remarks>
/// Thread role: each end by one thread at a time, both concurrently; the other members by any thread. <see cref="Dispose"/> when both have
/// ended: after it everything throws <see cref="ObjectDisposedException"/>. Guarantees and layout: docs/rings.md.
/// </remarks>
/// <typeparam name="T">The type of the items: no references.</typeparam>
public sealed class SpscRing<T> : IDisposable
    where T : unmanaged
{
    private readonly SpscCore<T, HardwareOrdering> _core;

    /// <summary>Makes an empty ring in memory of its own.</summary>
    /// <param name="capacity">Items: a power of two from 1 to <see cref="SharedRingLayout.MaximumCapacity"/>.</param>
    /// <param name="options">What it does when it is full, and whether its threads may sleep.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity or the policy is none of these.</exception>
    public SpscRing(int capacity, RingOptions options = default)
    {
        RingShape shape = ShapeOf(capacity, options);
        using var block = new NativeBlock<byte>(shape.Length, alignment: (nuint)Environment.SystemPageSize);
        shape.Format<HardwareOrdering>(block.View, startIndex: 0);
        _core = new SpscCore<T, HardwareOrdering>(block.View, shape, options.CanSleep, isShared: false);
    }

    private SpscRing(NativeView<byte> memory, in RingShape shape, bool canSleep) =>
        _core = new SpscCore<T, HardwareOrdering>(memory, shape, canSleep, isShared: true);

    /// <summary>How many items the ring holds.</summary>
    public int Capacity => (int)_core.Capacity;

    /// <summary>Items published and not taken. May be out of date as soon as it is read.</summary>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public int Count => (int)_core.Count;

    /// <summary>What the ring has counted.</summary>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public RingStatistics Statistics => _core.Statistics;

    /// <summary>The end that pushes. One thread at a time, in one process.</summary>
    public SpscProducer<T> Producer => new(_core);

    /// <summary>The end that pops. One thread at a time, in one process.</summary>
    public SpscConsumer<T> Consumer => new(_core);

    /// <summary>How many bytes <see cref="Create"/> needs.</summary>
    /// <param name="capacity">Items: a power of two from 1 to <see cref="SharedRingLayout.MaximumCapacity"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is none of these.</exception>
    public static nuint RequiredBytes(int capacity) => ShapeOf(capacity, default).Length;

    /// <summary>Makes an empty ring in memory that is there, such as a <see cref="SharedMapping"/>, whatever it holds.</summary>
    /// <param name="memory">Aligned to <see cref="SharedRingLayout.Alignment"/>, at least <see cref="RequiredBytes"/> long.</param>
    /// <param name="capacity">Items: a power of two from 1 to <see cref="SharedRingLayout.MaximumCapacity"/>.</param>
    /// <param name="options">What it does when it is full, and whether its threads may sleep.</param>
    /// <exception cref="ArgumentException">The memory is misaligned or too small.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The capacity or the policy is out of range.</exception>
    public static SpscRing<T> Create(NativeView<byte> memory, int capacity, RingOptions options = default)
    {
        RingShape shape = ShapeOf(capacity, options);
        shape.Format<HardwareOrdering>(memory, startIndex: 0);
        return new SpscRing<T>(memory, shape, options.CanSleep);
    }

    /// <summary>
    /// Attaches to a ring that another process, or another object, made. An end that died left its committed items and no others.
    /// </summary>
    /// <param name="memory">The memory of the ring, aligned to <see cref="SharedRingLayout.Alignment"/>.</param>
    /// <param name="canSleep">Whether threads may sleep here; see <see cref="RingOptions.CanSleep"/>.</param>
    /// <exception cref="ArgumentException">The memory is misaligned.</exception>
    /// <exception cref="InvalidDataException">The memory holds no ring of such items; the message says what it holds.</exception>
    public static SpscRing<T> Attach(NativeView<byte> memory, bool canSleep = false)
    {
        var shape = RingShape.Read<HardwareOrdering>(memory, SharedRingLayout.KindSpsc, Unsafe.SizeOf<T>());
        return new SpscRing<T>(memory, shape, canSleep);
    }

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();

    private static RingShape ShapeOf(int capacity, RingOptions options)
    {
        RingShape.CheckCapacity(capacity);
        RingShape.CheckPolicy(options.WhenFull);
        return new RingShape(SharedRingLayout.KindSpsc, Unsafe.SizeOf<T>(), (uint)capacity, (uint)options.WhenFull, Cursors: 0);
    }
}
