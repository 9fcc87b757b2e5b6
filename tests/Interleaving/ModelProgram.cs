namespace RingKit.Interleaving;

/// <summary>
/// A small concurrent program whose executions are explored. It does the same whenever its threads run in the same order.
/// </summary>
public abstract class ModelProgram
{
    /// <summary>How many threads a program may have.</summary>
    public const int MaximumThreads = Clocks.Threads;

    private protected ModelProgram(string name, int threadCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threadCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threadCount, MaximumThreads);
        Name = name;
        ThreadCount = threadCount;
    }

    /// <summary>What reports call it.</summary>
    public string Name { get; }

    /// <summary>From 1 to <see cref="MaximumThreads"/>.</summary>
    public int ThreadCount { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal abstract object SetUp();

    internal abstract void RunThread(object state, int thread);

    internal abstract void Check(object state);

    internal abstract string? OutcomeOf(object state);

    internal abstract void TearDown(object state);
}

/// <summary>A program whose threads share a state that is made anew for each execution.</summary>
/// <remarks>
/// What the threads share lies in native or pinned memory and is accessed through <see cref="ModelOrdering"/>. Set-up and check run
/// before and after the threads, alone; a state that is <see cref="IDisposable"/> is disposed after the check.
/// </remarks>
/// <typeparam name="TState">What the threads share, and what each leaves behind for the check in fields of its own.</typeparam>
public sealed class ModelProgram<TState> : ModelProgram
    where TState : class
{
    private readonly Func<TState> _setUp;
    private readonly Action<TState>[] _threads;

    /// <summary>Makes a program.</summary>
    /// <param name="name">What reports call it.</param>
    /// <param name="setUp">Makes the state.</param>
    /// <param name="threads">The threads, 1 to 4. An exception out of one is a failure.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no threads, or too many.</exception>
    public ModelProgram(string name, Func<TState> setUp, params Action<TState>[] threads)
        : base(name, threads.Length)
    {
        _setUp = setUp;
        _threads = threads;
    }

    /// <summary>Checks what the threads left, after their end. An exception out of it is a failure.</summary>
    public Action<TState>? Finally { get; init; }

    /// <summary>Says what came out, for <see cref="ExplorationResult.Outcomes"/>.</summary>
    public Func<TState, string>? Outcome { get; init; }

    internal override object SetUp() => _setUp();

    internal override void RunThread(object state, int thread) => _threads[thread]((TState)state);

    internal override void Check(object state) => Finally?.Invoke((TState)state);

    internal override string? OutcomeOf(object state) => Outcome?.Invoke((TState)state);

    internal override void TearDown(object state) => (state as IDisposable)?.Dispose();
}
