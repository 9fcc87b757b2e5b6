using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Rings.Cores;

/// <summary>Where threads sleep until another one has published, or released, what they wait for. No wake-up is lost.</summary>
/// <remarks>
/// The sleeper announces itself, fence, looks once more, and sleeps until the epoch changes. The other end publishes, fence, looks for
/// sleepers, and changes the epoch if there are any. At least one of them sees the other (E13).
/// </remarks>
internal sealed unsafe class SleepGate<TOrdering>
    where TOrdering : struct, IOrdering
{
    // Other processes cannot wake us, so nobody sleeps longer than this over memory that they may map.
    private static readonly TimeSpan SharedSlice = TimeSpan.FromMilliseconds(1);

    // Invariant: one line each for the sleepers and the epoch; they live as long as this object.
    private readonly NativeView<RoleLine> _lines = new NativeBlock<RoleLine>(2).View;
    private readonly ulong* _sleepers;
    private readonly ulong* _epoch;
    private readonly object _monitor = new();
    private readonly bool _isShared;

    public SleepGate(bool isOpen, bool isShared)
    {
        IsOpen = isOpen;
        _isShared = isShared;
        _sleepers = (ulong*)_lines.DangerousPointer;
        _epoch = (ulong*)(_lines.DangerousPointer + 1);
    }

    /// <summary>Whether anyone may sleep here. If not, waking costs nothing.</summary>
    public bool IsOpen { get; }

    /// <summary>Says that this thread is about to sleep. It looks once more before it does, and withdraws when it is awake.</summary>
    /// <returns>The epoch, for <see cref="Sleep"/>.</returns>
    public ulong Announce()
    {
        ulong epoch = TOrdering.LoadRelaxed(ref *_epoch);                             // E13 orders all that matters: an old one ends the sleep at once
        Add(ref *_sleepers, 1);
        TOrdering.FullFence();                                                        // E13: announced, then looks
        return epoch;
    }

    public void Withdraw() => Add(ref *_sleepers, -1);

    /// <summary>Sleeps until someone has woken the gate since <see cref="Announce"/>, or the time is up.</summary>
    public void Sleep(ulong epoch, TimeSpan limit)
    {
        if (typeof(TOrdering) != typeof(HardwareOrdering))
        {
            while (TOrdering.LoadRelaxed(ref *_epoch) == epoch)
                TOrdering.Pause();
            return;
        }

        if (_isShared && (limit < TimeSpan.Zero || limit > SharedSlice))
            limit = SharedSlice;
        lock (_monitor)
        {
            if (TOrdering.LoadRelaxed(ref *_epoch) == epoch)
                Monitor.Wait(_monitor, limit);
        }
    }

    /// <summary>After a publication, a release, a completion: wakes whoever sleeps.</summary>
    public void Wake()
    {
        if (!IsOpen)
            return;

        TOrdering.FullFence();                                                        // E13: published, then looks for sleepers
        if (TOrdering.LoadRelaxed(ref *_sleepers) != 0)
            WakeSleepers();
    }

    private void WakeSleepers()
    {
        if (typeof(TOrdering) != typeof(HardwareOrdering))
        {
            Add(ref *_epoch, 1);
            return;
        }

        lock (_monitor)
        {
            Add(ref *_epoch, 1);
            Monitor.PulseAll(_monitor);
        }
    }

    private static void Add(ref ulong word, int amount) => Counter<TOrdering>.Add(ref word, unchecked((ulong)amount));
}
