namespace RingKit.Interleaving;

/// <summary>Runs a program once: its threads one at a time, one step after the other, as a strategy decides.</summary>
/// <remarks>
/// Each logical thread but the first has an operating-system thread of its own, kept from run to run; the first runs on the caller's.
/// A thread runs until it is about to touch shared memory atomically. It then decides itself who goes on: mostly itself, and
/// then nothing is switched. Payload and private memory are no reason to stop: what they do is settled by the atomic steps around them.
/// </remarks>
internal sealed partial class Execution : IDisposable
{
    private readonly ModelProgram _program;
    private readonly ExplorationOptions _options;
    private readonly LogicalThread[] _threads;
    private readonly Thread[] _workers;
    private StepRecord[] _steps = new StepRecord[256];
    private Strategy _strategy = null!;
    private object _state = null!;
    private bool _disposing;

    public Execution(ModelProgram program, ExplorationOptions options)
    {
        _program = program;
        _options = options;
        _threads = new LogicalThread[program.ThreadCount];
        for (int i = 0; i < _threads.Length; i++)
            _threads[i] = new LogicalThread(this, i);

        _workers = new Thread[_threads.Length - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            LogicalThread thread = _threads[i + 1];
            _workers[i] = new Thread(() => Work(thread)) { IsBackground = true, Name = $"{program.Name} {thread.Index}" };
            _workers[i].Start();
        }
    }

    public ModelMemory Memory { get; } = new();

    public ReadOnlySpan<LogicalThread> Threads => _threads;

    /// <summary>The steps so far.</summary>
    public Span<StepRecord> Steps => _steps.AsSpan(0, StepCount);

    public int StepCount { get; private set; }

    /// <summary>The last full fence, or -1.</summary>
    public int LastFence { get; private set; }

    /// <summary>The threads unwind; their accesses go to plain memory.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>It was cut off, since another execution shows all that it could.</summary>
    public bool IsRedundant { get; private set; }

    public Failure? Failure { get; private set; }

    public string? Outcome { get; private set; }

    /// <summary>Set for the execution that is printed.</summary>
    public TraceRecorder? Trace { get; set; }

    /// <summary>Set to learn which sites a program meets.</summary>
    public SiteCollector? Sites { get; set; }

    /// <summary>Runs the program once.</summary>
    public void Run(Strategy strategy)
    {
        _strategy = strategy;
        Memory.Begin();
        foreach (LogicalThread thread in _threads)
            thread.Begin();
        StepCount = 0;
        LastFence = -1;
        _emptyPauses = 0;
        IsStopping = IsRedundant = false;
        Failure = null;
        Outcome = null;

        _state = _program.SetUp();
        try
        {
            // Whoever ends last hands the baton back, exactly once.
            if (!PlaysLast(_threads[0]))
                _threads[0].Baton.Wait();
            if (!IsStopping)
                Conclude();
        }
        finally
        {
            _program.TearDown(_state);
        }
    }

    /// <summary>Ends the execution as a failure. The calling thread unwinds.</summary>
    public void Fail(FailureKind kind, string message, Exception? exception = null)
    {
        IsStopping = true;
        Failure ??= new Failure(kind, message, exception);
    }

    public void Dispose()
    {
        _disposing = true;
        for (int i = 1; i < _threads.Length; i++)
            _threads[i].Baton.Release();
        foreach (Thread worker in _workers)
            worker.Join();
        foreach (LogicalThread thread in _threads)
            thread.Dispose();
    }

    private void Work(LogicalThread thread)
    {
        while (true)
        {
            thread.Baton.Wait();
            if (_disposing)
                return;
            if (PlaysLast(thread))
                _threads[0].Baton.Release();
        }
    }

    // True if all threads are at their end.
    private bool PlaysLast(LogicalThread thread)
    {
        LogicalThread.Current = thread;
        thread.Status = ThreadStatus.Ready;
        thread.NextLocation = null;
        try
        {
            _program.RunThread(_state, thread.Index);
        }
        catch (ExecutionStoppedException)
        {
        }
#pragma warning disable CA1031 // Whatever the program throws is what the exploration was to find.
        catch (Exception exception)
        {
            if (!IsStopping)
            {
                FailureKind kind = exception is ModelException ? FailureKind.Model : FailureKind.Assertion;
                Fail(kind, $"T{thread.Index}: {exception.Message}", exception);
            }
        }
#pragma warning restore CA1031

        LogicalThread.Current = null;
        thread.Status = ThreadStatus.Finished;

        LogicalThread? next = Next(thread);
        next?.Baton.Release();
        return next is null;
    }

    // Called by a thread that is about to take a step, or paused: returns when it is its turn.
    private void AwaitTurn(LogicalThread thread)
    {
        LogicalThread? next = Next(thread);
        if (!ReferenceEquals(next, thread))
        {
            next!.Baton.Release();
            thread.Baton.Wait();
        }

        if (IsStopping)
            throw ExecutionStoppedException.Instance;
    }

    // Null once all threads are at their end. While stopping, the caller itself if it is not at its end, else any that has to unwind.
    private LogicalThread? Next(LogicalThread current)
    {
        if (!IsStopping)
        {
            try
            {
                LogicalThread? next = Decide();
                if (!IsStopping)
                    return next;
            }
            catch (ModelException exception)
            {
                Fail(FailureKind.Model, exception.Message, exception);
            }
        }

        if (current.Status != ThreadStatus.Finished)
            return current;

        foreach (LogicalThread thread in _threads)
        {
            if (thread.Status is ThreadStatus.Ready or ThreadStatus.Paused or ThreadStatus.Woken)
                return thread;
        }

        return null;
    }

    private LogicalThread? Decide()
    {
        uint enabled = 0;
        bool unfinished = false;
        foreach (LogicalThread thread in _threads)
        {
            // Up to its next step a thread touches nothing that others see: whenever it gets there, the execution is the same. So
            // it goes there at once, and the search knows the next step of every thread.
            if (thread.Status is ThreadStatus.New or ThreadStatus.Woken)
            {
                if (thread.Status == ThreadStatus.Woken)
                    thread.Status = ThreadStatus.Ready;
                return thread;
            }

            unfinished |= thread.Status != ThreadStatus.Finished;
            if (thread.Status == ThreadStatus.Ready)
                enabled |= 1u << thread.Index;
        }

        if (!unfinished)
            return null;

        if (enabled == 0)
        {
            Fail(FailureKind.Deadlock, "every thread that has not ended is paused, and there is nothing new to read");
            return null;
        }

        if (StepCount >= _options.MaximumSteps)
        {
            Fail(FailureKind.StepLimit, $"not at its end after {StepCount} steps");
            return null;
        }

        int chosen = _strategy.NextThread(this, enabled, StepCount == 0 ? -1 : _steps[StepCount - 1].Thread);
        if (chosen < 0)
        {
            IsStopping = IsRedundant = true;
            return null;
        }

        if ((enabled >> chosen & 1) == 0)
            throw new ModelException($"T{chosen} can't take a step: the program is not deterministic, or the replay is another program's.");
        return _threads[chosen];
    }

    private void Conclude()
    {
        try
        {
            _program.Check(_state);
            Outcome = _program.OutcomeOf(_state);
        }
#pragma warning disable CA1031
        catch (Exception exception)
        {
            Fail(FailureKind.Assertion, $"at the end: {exception.Message}", exception);
        }
#pragma warning restore CA1031
    }
}
