using RingKit.Interleaving;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Interleaving;

/// <summary>What the explorer has to report: races, deadlocks, threads that do not end, exceptions; and what it must not.</summary>
public class FailureTests
{
    private static readonly ModelProgram<Words> Publish = Words.Program("publish payload", w => $"{w.R[0]},{w.R[1]}",
        w => { O.WritePlain(ref w.Payload, 7ul); O.StoreRelease(ref w.X, 1); },
        w => { w.R[0] = O.LoadAcquire(ref w.X); w.R[1] = w.R[0] == 0 ? 0 : O.ReadPlain(ref w.Payload); });

    [Fact]
    public void Payload_that_release_and_acquire_hand_over_is_no_race() => Litmus.Allows(Publish, "0,0", "1,7");

    [Fact]
    public void Payload_without_an_order_is_a_race()
    {
        ExplorationResult result = Litmus.Fails(
            Words.Program("race", _ => "",
                w => { O.WritePlain(ref w.Payload, 7ul); O.StoreRelaxed(ref w.X, 1); },
                w => { if (O.LoadAcquire(ref w.X) == 1) _ = O.ReadPlain(ref w.Payload); }),
            FailureKind.Race);

        // Both sides, with their places.
        Assert.Contains("payload", result.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(2, result.Failure.Message.Split("FailureTests.cs:").Length - 1);
    }

    [Fact]
    public void Two_reads_of_payload_are_no_race() => Litmus.Allows(
        Words.Program("reads", w => $"{w.R[0]}{w.R[1]}",
            w => w.R[0] = O.ReadPlain(ref w.Payload),
            w => w.R[1] = O.ReadPlain(ref w.Payload)),
        "00");

    // The release covers what is before it, not what follows.
    [Fact]
    public void Payload_written_after_the_release_is_a_race() => Litmus.Fails(
        Words.Program("late write", _ => "",
            w => { O.StoreRelease(ref w.X, 1); O.WritePlain(ref w.Payload, 7ul); },
            w => { if (O.LoadAcquire(ref w.X) == 1) _ = O.ReadPlain(ref w.Payload); }),
        FailureKind.Race);

    [Fact]
    public void A_plain_write_beside_an_atomic_load_is_a_race() => Litmus.Fails(
        Words.Program("mixed", _ => "",
            w => O.WritePlain(ref w.X, 1ul),
            w => _ = O.LoadAcquire(ref w.X)),
        FailureKind.Race);

    [Fact]
    public void A_wait_that_is_answered_ends() => Litmus.Allows(
        Words.Program("wait", w => $"{w.R[0]}",
            w => { O.WritePlain(ref w.Payload, 7ul); O.StoreRelease(ref w.X, 1); },
            w =>
            {
                while (O.LoadAcquire(ref w.X) == 0)
                    O.Pause();
                w.R[0] = O.ReadPlain(ref w.Payload);
            }),
        "7");

    [Fact]
    public void A_wait_that_nobody_answers_is_a_deadlock() => Litmus.Fails(
        Words.Program("nobody", _ => "",
            w => O.StoreRelease(ref w.Y, 1),
            w =>
            {
                while (O.LoadAcquire(ref w.X) == 0)
                    O.Pause();
            }),
        FailureKind.Deadlock);

    [Fact]
    public void Two_threads_that_wait_for_each_other_are_a_deadlock() => Litmus.Fails(
        Words.Program("each other", _ => "",
            w => { Await(ref w.X, 1); O.StoreRelease(ref w.Y, 1); },
            w => { Await(ref w.Y, 1); O.StoreRelease(ref w.X, 1); }),
        FailureKind.Deadlock);

    // In store buffering both threads may miss the other's flag; with a fence in between one of them sees it.
    [Fact]
    public void A_wake_up_without_a_fence_is_lost_and_with_one_is_not()
    {
        Litmus.Fails(Sleeper("lost wake-up", fences: false), FailureKind.Deadlock);
        Explorer.Explore(Sleeper("wake-up", fences: true)).ThrowIfFailed();
    }

    [Fact]
    public void Threads_that_keep_each_other_busy_for_ever_reach_the_step_limit() => Litmus.Fails(
        Words.Program("ping-pong", _ => "",
            w => { while (true) O.FetchOrRelease(ref w.X, 1); }),
        FailureKind.StepLimit,
        new ExplorationOptions { MaximumSteps = 100 });

    [Fact]
    public void A_wait_for_what_the_model_does_not_know_reaches_the_limit() => Litmus.Fails(
        Words.Program("blind wait", _ => "",
            w => { while (w.R[0] == 0) O.Pause(); },
            w => O.StoreRelease(ref w.X, 1)),
        FailureKind.StepLimit);

    [Fact]
    public void An_exception_in_one_execution_is_found_and_repeats_from_its_string()
    {
        ModelProgram<Words> program = Words.Program("assertion", _ => "",
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelaxed(ref w.Y, 1); },
            w =>
            {
                if (O.LoadAcquire(ref w.Y) == 1 && O.LoadAcquire(ref w.X) == 0)
                    throw new InvalidOperationException("old x");
            });
        Failure failure = Litmus.Fails(program, FailureKind.Assertion).Failure!;
        Assert.Contains("old x", failure.Message, StringComparison.Ordinal);

        Failure again = Explorer.Replay(program, failure.Replay, out string trace).Failure!;
        Assert.Equal(failure.Trace, trace);
        Assert.Equal(failure.Message, again.Message);
        Assert.Equal(4, trace.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Null(Explorer.Replay(program, "", out _).Failure);
    }

    [Fact]
    public void Random_executions_find_the_missing_release_and_repeat_from_the_seed()
    {
        ModelProgram<Words> program = Words.Program("MP, random", _ => "",
            w => { O.WritePlain(ref w.Payload, 7ul); O.StoreRelaxed(ref w.X, 1); },
            w => { if (O.LoadAcquire(ref w.X) == 1) _ = O.ReadPlain(ref w.Payload); });
        ulong seed = (ulong)Environment.TickCount64;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Failure failure = Explorer.Sample(program, seed, 1000).Failure!;
        Assert.NotNull(failure?.Seed);

        Failure again = Explorer.Sample(program, failure.Seed.Value, 1).Failure!;
        Assert.Equal(failure.Trace, again.Trace);
        Assert.Equal(failure.Replay, again.Replay);
    }

    [Fact]
    public void Both_orders_of_a_hand_over_are_sites_whose_mutants_are_killed()
    {
        MutantReport report = MutantReport.Run([Publish]);
        Assert.Equal((2, 2), (report.Sites, report.Killed));
        Assert.All(report.Verdicts, verdict => Assert.Equal(FailureKind.Race, verdict.Failure!.Kind));
    }

    [Fact]
    public void A_superfluous_order_is_a_mutant_that_survives()
    {
        MutantReport report = MutantReport.Run(
            [Words.Program("superfluous", _ => "", w => O.StoreRelease(ref w.X, 1), w => O.LoadAcquire(ref w.X))]);
        Assert.Equal((2, 0), (report.Sites, report.Killed));
    }

    [Fact]
    public void A_missing_fence_is_a_mutant_that_is_killed()
    {
        MutantReport report = MutantReport.Run([Sleeper("wake-up", fences: true)]);
        Assert.Equal(2, report.Verdicts.Count(verdict => verdict.Mutant.Site.Kind == OperationKind.Fence && verdict.IsKilled));
    }

    [Fact]
    public void A_program_that_is_not_deterministic_is_refused()
    {
        int run = 0;
        ModelProgram<Words> program = Words.Program("dice", _ => "",
            w => { O.StoreRelaxed(ref w.X, 1); if (run++ > 0) O.LoadRelaxed(ref w.X); },
            w => O.LoadRelaxed(ref w.X));
        Assert.Throws<ModelException>(() => Explorer.Explore(program));
    }

    [Fact]
    public void A_word_at_two_sizes_is_refused() => Litmus.Fails(
        Words.Program("sizes", _ => "",
            w => { O.StoreRelaxed(ref w.X, 1); O.LoadRelaxed(ref System.Runtime.CompilerServices.Unsafe.As<ulong, uint>(ref w.X)); }),
        FailureKind.Model);

    private static void Await(ref ulong location, ulong value)
    {
        while (O.LoadAcquire(ref location) != value)
            O.Pause();
    }

    // x: work is there. y: the worker sleeps, until z wakes it.
    private static ModelProgram<Words> Sleeper(string name, bool fences) => Words.Program(name, _ => "",
        w =>
        {
            O.StoreRelease(ref w.X, 1);
            if (fences)
                O.FullFence();
            if (O.LoadAcquire(ref w.Y) == 1)
                O.StoreRelease(ref w.Z, 1);
        },
        w =>
        {
            O.StoreRelease(ref w.Y, 1);
            if (fences)
                O.FullFence();
            if (O.LoadAcquire(ref w.X) == 0)
                Await(ref w.Z, 1);
        });
}
