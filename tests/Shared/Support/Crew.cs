using System.Diagnostics;

namespace RingKit.Properties.Support;

/// <summary>Threads that work together, with a deadline for all: a test of them fails with a reason, and never hangs.</summary>
internal sealed class Crew(TimeSpan deadline)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<Exception> _failures = [];
    private readonly Lock _lock = new();
    private volatile bool _failed;

    /// <summary>Runs each body on a thread of its own, and throws what the first of them that failed threw.</summary>
    public void Run(params (string Name, Action Body)[] members)
    {
        Thread[] threads = [.. members.Select(member => new Thread(() => Guard(member.Name, member.Body))
        {
            Name = member.Name,
            IsBackground = true,
        })];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
        {
            TimeSpan left = deadline + TimeSpan.FromSeconds(10) - _clock.Elapsed;
            if (!thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero))
                Fail(new TimeoutException($"The thread '{thread.Name}' did not end within {deadline.TotalSeconds} s."));
        }

        lock (_lock)
        {
            if (_failures.Count != 0)
                throw new AggregateException(_failures);
        }
    }

    /// <summary>For a thread that found nothing to do: lets the others run, and throws when one has failed or the time is up.</summary>
    /// <param name="rounds">How often in a row, kept by the caller and set back to 0 by it when there was something to do.</param>
    /// <param name="waitingFor">What the thread waits for, said in the failure.</param>
    public void Idle(ref int rounds, string waitingFor)
    {
        rounds++;
        if (rounds < 16)
        {
            Thread.SpinWait(16);
            return;
        }

        // There may be fewer cores than threads: whoever we wait for may need this one.
        Thread.Yield();
        if (_failed)
            throw new OperationCanceledException("Another thread failed.");
        if (_clock.Elapsed > deadline)
            throw new TimeoutException($"Waited for {waitingFor} until the deadline of {deadline.TotalSeconds} s.");
    }

    private void Guard(string name, Action body)
    {
        try
        {
            body();
        }
        catch (OperationCanceledException) when (_failed)
        {
            // The thread that failed says why.
        }
        catch (Exception failure)
        {
            Fail(new InvalidOperationException($"The thread '{name}' failed: {failure.Message}", failure));
        }
    }

    private void Fail(Exception failure)
    {
        lock (_lock)
            _failures.Add(failure);
        _failed = true;
    }
}
