using System.Runtime.Intrinsics;

namespace RingKit.Interleaving;

/// <summary>Accesses to payload, and the check that nothing races with them.</summary>
internal sealed partial class Execution
{
    /// <summary>Payload is about to be read.</summary>
    public void PlainRead(LogicalThread thread, nuint address, int size, string file, int line)
    {
        Location location = Memory.Find(address, size);
        Trace?.Step(thread, OperationKind.PlainRead, MemoryOrder.Relaxed, location, 0, null, null, -1, file, line);
        CheckRace(thread, location, location.PlainWrites, OperationKind.PlainRead, "a plain write", file, line);
        CheckRace(thread, location, location.AtomicWrites, OperationKind.PlainRead, "an atomic write", file, line);

        // The access belongs to the step that follows: what was released before it does not cover it.
        location.PlainReads = location.PlainReads.WithElement(thread.Index, thread.Clock + 1);
    }

    /// <summary>Payload is about to be read that others may write: whether that is a race depends on what becomes of the value.</summary>
    public void TentativeRead(LogicalThread thread, nuint address, int size, string file, int line)
    {
        Location location = Memory.Find(address, size);
        Trace?.Step(thread, OperationKind.PlainRead, MemoryOrder.Relaxed, location, 0, null, null, -1, file, line);
        if (Clocks.FirstUnknown(thread.HappensBefore, location.PlainWrites, thread.Index) >= 0)
            thread.TornRead ??= location;
        location.TentativeReads = location.TentativeReads.WithElement(thread.Index, thread.Clock + 1);
        thread.TentativeReads.Add(location);
    }

    /// <summary>Payload is about to be written. The value counts where the word is accessed atomically as well.</summary>
    public void PlainWrite(LogicalThread thread, nuint address, int size, ulong value, string file, int line)
    {
        Location location = Memory.Find(address, size);
        Trace?.Step(thread, OperationKind.PlainWrite, MemoryOrder.Relaxed, location, value, null, null, -1, file, line);
        CheckPlain(thread, location, writes: true, file, line, OperationKind.PlainWrite);
        CheckRace(thread, location, location.AtomicReads, OperationKind.PlainWrite, "an atomic read", file, line);
        CheckRace(thread, location, location.AtomicWrites, OperationKind.PlainWrite, "an atomic write", file, line);
        location.PlainWrites = location.PlainWrites.WithElement(thread.Index, thread.Clock + 1);
        if (location.StoreCount != 0)
            Memory.NotePlainWrite(thread, location, value, StepCount);
    }

    private void CheckPlain(
        LogicalThread thread, Location location, bool writes, string file, int line, OperationKind kind = OperationKind.Store)
    {
        CheckRace(thread, location, location.PlainWrites, writes ? kind : OperationKind.Load, "a plain write", file, line);
        if (!writes)
            return;

        CheckRace(thread, location, location.PlainReads, kind, "a plain read", file, line);
        foreach (LogicalThread reader in _threads)
        {
            if (reader != thread && location.TentativeReads.GetElement(reader.Index) > thread.HappensBefore.GetElement(reader.Index))
                reader.TornRead ??= location;
        }
    }

    // The thread's compare-exchange decides: what it read counts, as a plain read, or is thrown away.
    private void SettleTentativeReads(LogicalThread thread, bool kept, string file, int line)
    {
        if (thread.TentativeReads.Count == 0)
            return;

        if (kept && thread.TornRead is { } torn)
        {
            string name = Trace is null ? $"#{torn.Index}" : Trace.NameOf(torn);
            string place = TraceRecorder.Place(file, line);
            Stop(FailureKind.Race, $"data race on {name}: T{thread.Index} keeps at {place} what it read in no order with a plain write");
        }

        foreach (Location location in thread.TentativeReads)
        {
            if (kept)
                location.PlainReads = location.PlainReads.WithElement(thread.Index, location.TentativeReads.GetElement(thread.Index));
            location.TentativeReads = location.TentativeReads.WithElement(thread.Index, 0);
        }

        thread.ForgetTentativeReads();
    }

    private void CheckRace(
        LogicalThread thread, Location location, Vector128<int> accesses, OperationKind kind, string other, string file, int line)
    {
        int racing = Clocks.FirstUnknown(thread.HappensBefore, accesses, thread.Index);
        if (racing < 0)
            return;

        // The step that races is not taken, but a replay has to begin it.
        if (kind is not (OperationKind.PlainRead or OperationKind.PlainWrite))
        {
            if (StepCount == _steps.Length)
                Array.Resize(ref _steps, StepCount * 2);
            _steps[StepCount++] = new StepRecord { Thread = thread.Index };
        }

        string earlier = TraceRecorder.DescribeAccess(Trace, other, racing, location, accesses.GetElement(racing));
        string name = Trace is null ? $"#{location.Index}" : Trace.NameOf(location);
        string later = $"{kind} by T{thread.Index} at {TraceRecorder.Place(file, line)}";
        Stop(FailureKind.Race, $"data race on {name}: {later} is not ordered with {earlier}");
    }
}
