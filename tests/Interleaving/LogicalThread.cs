using System.Runtime.Intrinsics;

namespace RingKit.Interleaving;

/// <summary>One thread of the program under test: its clocks, and the baton without which it does not run.</summary>
internal sealed class LogicalThread(Execution execution, int index) : IDisposable
{
    /// <summary>The logical thread that the calling thread plays; null outside a program.</summary>
    [ThreadStatic]
    internal static LogicalThread? Current;

    public readonly Execution Execution = execution;
    public readonly int Index = index;

    /// <summary>Exactly one thread of an execution runs; it passes the right to do so through the next one's baton.</summary>
    public readonly Baton Baton = new();

    public readonly SpinWatch Spin = new();

    public ThreadStatus Status;

    /// <summary>The operation before which the thread stopped.</summary>
    public OperationKind NextKind;
    public Location? NextLocation;

    /// <summary>The thread into which the next step, a part of a process-wide fence, puts a full fence; else null.</summary>
    public LogicalThread? NextFenced;

    /// <summary>The last fence that another thread has put in front of this one's next step, or -1; and what that step depends on without it.</summary>
    public int FencedBy;
    public Vector128<int> CauseBeforeFencedBy;

    /// <summary>What a compare-exchange expects; null for other operations.</summary>
    public ulong? NextComparand;

    /// <summary>How many atomic operations it has done.</summary>
    public int Clock;

    /// <summary>What happens before the thread's next step: decides races, and is handed over by release and acquire.</summary>
    public Vector128<int> HappensBefore;

    /// <summary>Whose stores the thread can no longer miss: <see cref="HappensBefore"/>, and what full fences add.</summary>
    public Vector128<int> View;

    /// <summary>Everything that the thread's next step depends on: what can't be reordered with it.</summary>
    public Vector128<int> Cause;

    // Relaxed loads put what they would have acquired here, for a fence that follows; relaxed stores publish what the last fence left here.
    public Vector128<int> ReadHappensBefore;
    public Vector128<int> ReadView;
    public Vector128<int> FencedHappensBefore;
    public Vector128<int> FencedView;

    /// <summary>Payload that the thread has read, and may have to throw away: its next compare-exchange decides.</summary>
    public readonly List<Location> TentativeReads = [];

    /// <summary>The first of them that another thread wrote in no order with the read.</summary>
    public Location? TornRead;

    public void Begin()
    {
        ForgetTentativeReads();
        Status = ThreadStatus.New;
        NextLocation = null;
        NextFenced = null;
        FencedBy = -1;
        Clock = 0;
        HappensBefore = View = Cause = default;
        ReadHappensBefore = ReadView = FencedHappensBefore = FencedView = default;
        Spin.Begin();
    }

    /// <summary>
    /// Whether the next operation may read the store at this position: one that would modify it needs the place behind it.
    /// </summary>
    public bool NextMayRead(int position)
    {
        if (NextKind == OperationKind.Load || NextLocation!.IsOpenAfter(position))
            return true;
        return NextComparand is { } comparand && NextLocation.Stores[position].Value != comparand;
    }

    /// <summary>Counts a step.</summary>
    public void Tick()
    {
        Clock++;
        HappensBefore = HappensBefore.WithElement(Index, Clock);
        View = View.WithElement(Index, Clock);
        Cause = Cause.WithElement(Index, Clock);
    }

    public void ForgetTentativeReads()
    {
        TentativeReads.Clear();
        TornRead = null;
    }

    public void Dispose() => Baton.Dispose();
}
