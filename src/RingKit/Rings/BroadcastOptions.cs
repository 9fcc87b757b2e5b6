using RingKit.Rings.Waiting;

namespace RingKit.Rings;

/// <summary>What a broadcast ring decides once, when it is made. The default has the writer wait for laggards.</summary>
public readonly record struct BroadcastOptions
{
    /// <summary>The readers at a time where nothing else is said.</summary>
    public const int DefaultMaximumReaders = 16;

    private readonly int _maximumReaders;

    /// <summary>What becomes of a reader that lags by the whole ring.</summary>
    public LaggardPolicy WhenReaderLags { get; init; }

    /// <summary>
    /// How many readers there may be at a time: from 1 to <see cref="SharedRingLayout.MaximumCursors"/>, each with a line of 128 bytes.
    /// </summary>
    public int MaximumReaders
    {
        get => _maximumReaders == 0 ? DefaultMaximumReaders : _maximumReaders;
        init => _maximumReaders = value is >= 1 and <= SharedRingLayout.MaximumCursors
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, $"The number of readers must be from 1 to {SharedRingLayout.MaximumCursors}.");
    }

    /// <summary>Whether several threads of one process write. They take turns, in whole calls.</summary>
    public bool ManyWriters { get; init; }

    /// <summary>
    /// Whether threads may sleep until they are woken (<see cref="BlockingWait"/>). Each publication and each release then pays a full
    /// fence, and leaves the fast path.
    /// </summary>
    public bool CanSleep { get; init; }

    /// <summary>
    /// Whether reading and writing never pause. By default an end that looks at the other's index and finds little, but not nothing, may pause for
    /// a microsecond or two and look again, since that lets items gather: right for a thread that does nothing else, and lost time for one
    /// that looks now and then between other work, as a simulated core does at a fence.
    /// </summary>
    public bool NeverPauses { get; init; }
}
