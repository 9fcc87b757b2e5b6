using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics;

namespace RingKit.Interleaving;

/// <summary>The steps that a program's threads take.</summary>
internal sealed partial class Execution
{
    private int[] _distances = new int[64];
    private int _emptyPauses;

    public ulong Load(LogicalThread thread, nuint address, int size, MemoryOrder order, string file, int line)
    {
        order = OrderAt(OperationKind.Load, order, file, line);
        Location location = Announce(thread, OperationKind.Load, address, size);
        thread.Tick();
        CheckPlain(thread, location, writes: false, file, line);

        StoreRecord floor = ReadChoices(thread, location, out int count);
        int position = Choose(location, count, out int distance);
        StoreRecord store = location.Stores[position];
        Vector128<int> causeBefore = thread.Cause;
        ModelMemory.Load(thread, location, store, order == MemoryOrder.Acquire);
        location.AddRead(StepCount);
        thread.Spin.NoteRead(location, store);
        Trace?.Step(thread, OperationKind.Load, order, location, store.Value, store, null, StepCount, file, line);
        Record(thread, OperationKind.Load, location, distance, floor, null, causeBefore);
        return store.Value;
    }

    public void Store(LogicalThread thread, nuint address, int size, ulong value, MemoryOrder order, string file, int line)
    {
        order = OrderAt(OperationKind.Store, order, file, line);
        Location location = Announce(thread, OperationKind.Store, address, size);
        thread.Tick();
        CheckPlain(thread, location, writes: true, file, line);

        int count = 0;
        for (int p = location.StoreCount - 1, floor = location.Floor(thread.View); p >= floor; p--)
        {
            if (location.IsOpenAfter(p))
                AddChoice(ref count, location.StoreCount - 1 - p);
        }

        int after = Choose(location, count, out int distance);
        StoreRecord store = Memory.Store(thread, location, after, value, order == MemoryOrder.Release, StepCount, modified: null);
        thread.Spin.NoteWrite(location, store);
        Trace?.Step(thread, OperationKind.Store, order, location, value, null, store, StepCount, file, line);
        Record(thread, OperationKind.Store, location, distance, null, store, thread.Cause);
        WakeFor(location, thread);
    }

    public void Fence(LogicalThread thread, string file, int line)
    {
        if (OrderAt(OperationKind.Fence, MemoryOrder.Full, file, line) == MemoryOrder.Relaxed)
            return;

        thread.NextKind = OperationKind.Fence;
        thread.NextLocation = null;
        AwaitTurn(thread);
        thread.Tick();
        Vector128<int> causeBefore = thread.Cause;
        Memory.Fence(thread);
        Trace?.Step(thread, OperationKind.Fence, MemoryOrder.Full, null, 0, null, null, StepCount, file, line);
        Record(thread, OperationKind.Fence, null, 0, null, null, causeBefore);
    }

    /// <summary>A fence in each thread, one after the other in steps of the caller: the others may go on in between.</summary>
    public void ProcessWideFence(LogicalThread thread, string file, int line)
    {
        if (OrderAt(OperationKind.ProcessWideFence, MemoryOrder.Full, file, line) == MemoryOrder.Relaxed)
            return;

        foreach (LogicalThread fenced in _threads)
        {
            if (fenced != thread || _threads.Length == 1)
                FenceInto(thread, fenced, file, line);
        }
    }

    private void FenceInto(LogicalThread thread, LogicalThread fenced, string file, int line)
    {
        thread.NextKind = OperationKind.ProcessWideFence;
        thread.NextLocation = null;
        thread.NextFenced = fenced;
        AwaitTurn(thread);
        thread.NextFenced = null;
        thread.Tick();
        Vector128<int> causeBefore = thread.Cause;
        Vector128<int> causeOfFenced = fenced.Cause;
        if (fenced != thread)
        {
            fenced.CauseBeforeFencedBy = fenced.Cause;
            fenced.FencedBy = StepCount;
        }

        Memory.ProcessWideFence(thread, fenced);
        Trace?.Step(thread, fenced, StepCount, file, line);
        Record(thread, OperationKind.ProcessWideFence, null, 0, null, null, causeBefore, fenced: fenced.Index, causeOfFenced: causeOfFenced);
    }

    public void Pause(LogicalThread thread, string file, int line)
    {
        Trace?.Step(thread, OperationKind.Pause, MemoryOrder.Relaxed, null, 0, null, null, -1, file, line);
        if (thread.Spin.HasReadNothing)
        {
            // Whoever polls something outside the model would do so for ever.
            if (++_emptyPauses > _options.MaximumSteps)
                Stop(FailureKind.StepLimit, $"T{thread.Index} pauses for ever and reads nothing in between");
            return;
        }

        if (!thread.Spin.EndRound())
        {
            thread.Status = ThreadStatus.Paused;
            AwaitTurn(thread);
        }
        else if (thread.Spin.IsIdle && _strategy.CutsOffIdleRounds)
        {
            CutOff();
        }
    }

    /// <summary>Whether the thread's next step, a load or read-modify-write, could read a store made at this step or later.</summary>
    public static bool CouldRead(LogicalThread thread, int since)
    {
        if (thread.NextKind is not (OperationKind.Load or OperationKind.ReadModifyWrite))
            return false;

        Location location = thread.NextLocation!;
        int floor = location.Floor(thread.View.WithElement(thread.Index, thread.Clock + 1));
        if (thread.Spin.MustPass(location) is { } passed)
            floor = Math.Max(floor, location.PositionOf(passed) + 1);
        for (int p = location.StoreCount - 1; p >= floor; p--)
        {
            if (location.Stores[p].Step >= since && thread.NextMayRead(p))
                return true;
        }

        return false;
    }

    // A store may end the pause of others. If one of them made no progress in its last round, the execution without that round shows the
    // same.
    private void WakeFor(Location location, LogicalThread writer)
    {
        foreach (LogicalThread thread in _threads)
        {
            if (thread.Status != ThreadStatus.Paused || thread == writer || !thread.Spin.HasNews(location))
                continue;
            if (thread.Spin.IsIdle && _strategy.CutsOffIdleRounds)
                CutOff();
            thread.Status = ThreadStatus.Woken;
        }
    }

    [DoesNotReturn]
    private void Stop(FailureKind kind, string message)
    {
        Fail(kind, message);
        throw ExecutionStoppedException.Instance;
    }

    [DoesNotReturn]
    private void CutOff()
    {
        IsStopping = IsRedundant = true;
        throw ExecutionStoppedException.Instance;
    }

    private Location Announce(LogicalThread thread, OperationKind kind, nuint address, int size, ulong? comparand = null)
    {
        Location location = Memory.FindAtomic(address, size);
        thread.NextKind = kind;
        thread.NextLocation = location;
        thread.NextComparand = comparand;
        AwaitTurn(thread);
        return location;
    }

    // The stores that a load, or a read-modify-write, may read, the latest first; and the oldest that coherence leaves it.
    private StoreRecord ReadChoices(LogicalThread thread, Location location, out int count)
    {
        int floor = location.Floor(thread.View);
        StoreRecord oldest = location.Stores[floor];
        if (thread.Spin.MustPass(location) is { } passed)
            floor = Math.Max(floor, location.PositionOf(passed) + 1);

        count = 0;
        for (int p = location.StoreCount - 1; p >= floor; p--)
        {
            if (location.Stores[p].Step >= _strategy.ReadsOnlyFrom && thread.NextMayRead(p))
                AddChoice(ref count, location.StoreCount - 1 - p);
        }

        return oldest;
    }

    private void AddChoice(ref int count, int distance)
    {
        if (count == _distances.Length)
            Array.Resize(ref _distances, count * 2);
        _distances[count++] = distance;
    }

    private int Choose(Location location, int count, out int distance)
    {
        distance = _strategy.Choose(this, _distances.AsSpan(0, count));
        return location.StoreCount - 1 - distance;
    }

    private MemoryOrder OrderAt(OperationKind kind, MemoryOrder order, string file, int line)
    {
        Sites?.Add(kind, order, file, line);
        return _options.Mutant is { } mutant && mutant.Applies(kind, file, line) ? mutant.To : order;
    }

    private void Record(
        LogicalThread thread,
        OperationKind kind,
        Location? location,
        int distance,
        StoreRecord? floor,
        StoreRecord? written,
        Vector128<int> causeBefore,
        bool refuses = false,
        int fenced = -1,
        Vector128<int> causeOfFenced = default)
    {

        if (StepCount == _steps.Length)
            Array.Resize(ref _steps, StepCount * 2);
        Vector128<int> withoutFencedBy = thread.CauseBeforeFencedBy.WithElement(thread.Index, thread.Clock);
        bool fencesFencer = thread.FencedBy >= 0 && _steps[thread.FencedBy].Thread == fenced;
        _steps[StepCount] = new StepRecord
        {
            Thread = thread.Index,
            Clock = thread.Clock,
            Kind = kind,
            Location = location,
            Distance = distance,
            Floor = floor,
            Written = written,
            CauseBefore = Clocks.Join(causeBefore, causeOfFenced),
            CauseBeforeFencing = causeBefore,
            CauseBeforeFenced = fencesFencer ? withoutFencedBy : Clocks.Join(withoutFencedBy, causeOfFenced),
            Cause = thread.Cause,
            Refuses = refuses,
            FencedBy = thread.FencedBy,
            Fenced = fenced,
        };
        thread.FencedBy = -1;
        int step = StepCount++;
        _strategy.Stepped(this, step);
        if (kind is OperationKind.Fence or OperationKind.ProcessWideFence)
            LastFence = step;
    }
}
