using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Ordering;
using RingKit.Rings.Cores;

namespace RingKit.Rings;

/// <summary>A bounded stream from one <see cref="Writer"/>, or several, to any number of readers, each of which sees every item.</summary>
/// <remarks>
/// Thread role: see <see cref="BroadcastWriter{T}"/> and <see cref="BroadcastReader{T}"/>; the other members by any thread. A reader that
/// lags by the whole ring makes no memory grow: <see cref="LaggardPolicy"/> says what becomes of it, and <see cref="Slowest"/> who it is.
/// <see cref="Dispose"/> when all have ended: after it everything throws <see cref="ObjectDisposedException"/>.
/// </remarks>
/// <typeparam name="T">The type of the items: no references.</typeparam>
public sealed class BroadcastRing<T> : IDisposable
    where T : unmanaged
{
    private readonly BroadcastCore<T, HardwareOrdering> _core;

    /// <summary>Makes an empty ring in memory of its own.</summary>
    /// <param name="capacity">Items: a power of two from 1 to <see cref="SharedRingLayout.MaximumCapacity"/>.</param>
    /// <param name="options">What becomes of laggards, and how many readers and writers there may be.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity or the policy is none of these.</exception>
    public BroadcastRing(int capacity, BroadcastOptions options = default)
    {
        RingShape shape = ShapeOf(capacity, options);
        using var block = new NativeBlock<byte>(shape.Length, alignment: (nuint)Environment.SystemPageSize);
        shape.Format<HardwareOrdering>(block.View, startIndex: 0);
        _core = new BroadcastCore<T, HardwareOrdering>(block.View, shape, options.ManyWriters, options.CanSleep, isShared: false, options.NeverPauses);
    }

    private BroadcastRing(NativeView<byte> memory, in RingShape shape, bool manyWriters, bool canSleep, bool neverPauses) =>
        _core = new BroadcastCore<T, HardwareOrdering>(memory, shape, manyWriters, canSleep, isShared: true, neverPauses);

    /// <summary>How many items the ring holds.</summary>
    public int Capacity => (int)_core.Capacity;

    /// <summary>How far the slowest reader is behind, and who it is. May be out of date as soon as it is read.</summary>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public ReaderLag Slowest => _core.Slowest;

    /// <summary>What the ring has counted.</summary>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public RingStatistics Statistics => _core.Statistics;

    /// <summary>The end that writes. One thread at a time, in one process; any number of its threads if the options say so.</summary>
    public BroadcastWriter<T> Writer => new(_core);

    /// <summary>How many bytes <see cref="Create"/> needs.</summary>
    /// <param name="capacity">Items: a power of two from 1 to <see cref="SharedRingLayout.MaximumCapacity"/>.</param>
    /// <param name="options">As for <see cref="Create"/>: the number of readers counts.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity or the policy is none of these.</exception>
    public static nuint RequiredBytes(int capacity, BroadcastOptions options = default) => ShapeOf(capacity, options).Length;

    /// <summary>Makes an empty ring in memory that is there, such as a <see cref="SharedMapping"/>, whatever it holds.</summary>
    /// <param name="memory">Aligned to <see cref="SharedRingLayout.Alignment"/>, at least <see cref="RequiredBytes"/> long.</param>
    /// <param name="capacity">Items: a power of two from 1 to <see cref="SharedRingLayout.MaximumCapacity"/>.</param>
    /// <param name="options">What becomes of laggards, and how many readers and writers there may be.</param>
    /// <exception cref="ArgumentException">The memory is misaligned or too small.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The capacity or the policy is out of range.</exception>
    public static BroadcastRing<T> Create(NativeView<byte> memory, int capacity, BroadcastOptions options = default)
    {
        RingShape shape = ShapeOf(capacity, options);
        shape.Format<HardwareOrdering>(memory, startIndex: 0);
        return new BroadcastRing<T>(memory, shape, options.ManyWriters, options.CanSleep, options.NeverPauses);
    }

    /// <summary>Attaches to a ring that another process, or another object, made.</summary>
    /// <param name="memory">The memory of the ring, aligned to <see cref="SharedRingLayout.Alignment"/>.</param>
    /// <param name="canSleep">Whether threads may sleep here; see <see cref="BroadcastOptions.CanSleep"/>.</param>
    /// <param name="manyWriters">Whether several threads of this process will write.</param>
    /// <param name="neverPauses">Whether reading and writing never pause here; see <see cref="BroadcastOptions.NeverPauses"/>.</param>
    /// <exception cref="ArgumentException">The memory is misaligned.</exception>
    /// <exception cref="InvalidDataException">The memory holds no ring of such items; the message says what it holds.</exception>
    public static BroadcastRing<T> Attach(NativeView<byte> memory, bool canSleep = false, bool manyWriters = false, bool neverPauses = false)
    {
        var shape = RingShape.Read<HardwareOrdering>(memory, SharedRingLayout.KindBroadcast, Unsafe.SizeOf<T>());
        return new BroadcastRing<T>(memory, shape, manyWriters, canSleep, neverPauses);
    }

    /// <summary>
    /// Makes a reader, which begins with the next item that is written. The one place where a ring allocates after it was made.
    /// </summary>
    /// <remarks>Who joins while the writer completes the ring may get a reader whose <see cref="BroadcastReader{T}.IsCompleted"/> is true at once.</remarks>
    /// <exception cref="InvalidOperationException">
    /// There are as many readers as the ring has room for, or the ring is completed: nothing would ever come.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public BroadcastReader<T> Join()
    {
        if (_core.IsCompleted)
            throw new InvalidOperationException("The ring is completed: no item will come. Join before Complete, or make a new ring.");

        int reader = _core.Join();
        return reader >= 0
            ? new BroadcastReader<T>(_core, reader)
            : throw new InvalidOperationException($"The ring has its {_core.Shape.Cursors} readers already.");
    }

    /// <summary>Throws a reader out that is known to have died, even in the middle of a read.</summary>
    /// <remarks>
    /// A reader that lives learns of it in a ring that drops or detaches laggards. In one that blocks the writer it would read on
    /// unprotected.
    /// </remarks>
    /// <param name="reader">Its number: <see cref="ReaderLag.Reader"/> of <see cref="Slowest"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such number.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public void Detach(int reader) => _core.Detach(reader);

    /// <summary>Gives the place of a detached reader to whoever joins next: for a reader whose process is gone.</summary>
    /// <remarks>
    /// A reader that lives gives its place back itself, by <see cref="BroadcastReader{T}.Dispose"/>, and would take it from its new owner if it
    /// were freed before.
    /// </remarks>
    /// <param name="reader">Its number.</param>
    /// <returns>False if no detached reader holds the place.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such number.</exception>
    /// <exception cref="ObjectDisposedException">The ring is disposed.</exception>
    public bool Free(int reader) => _core.Free(reader);

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();

    private static RingShape ShapeOf(int capacity, BroadcastOptions options)
    {
        RingShape.CheckCapacity(capacity);
        if (options.WhenReaderLags is < LaggardPolicy.Block or > LaggardPolicy.Detach)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.WhenReaderLags, "The policy must be Block, DropOldest or Detach.");
        }

        uint policy = (uint)options.WhenReaderLags;
        return new RingShape(SharedRingLayout.KindBroadcast, Unsafe.SizeOf<T>(), (uint)capacity, policy, (uint)options.MaximumReaders);
    }
}
