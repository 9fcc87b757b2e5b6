using RingKit.Interleaving;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Interleaving;

/// <summary>What a compare-exchange must do: where it replaces, a read-modify-write; where it refuses, a load, and never by chance.</summary>
public class CompareExchangeTests
{
    private static string Registers(Words w, int count) => string.Join(",", w.R.Take(count));

    [Fact]
    public void A_counter_loses_nothing() => Litmus.Allows(
        Words.Program("CAS counter", w => $"{w.X}",
            w => Increment(ref w.X), w => Increment(ref w.X), w => Increment(ref w.X)),
        "3");

    [Fact]
    public void A_counter_gives_each_number_once() => Litmus.Allows(
        Words.Program("CAS tickets", w => Registers(w, 2),
            w => w.R[0] = Increment(ref w.X), w => w.R[1] = Increment(ref w.X)),
        "0,1", "1,0");

    [Fact]
    public void A_token_has_one_winner() => Litmus.Allows(
        Words.Program("CAS token", w => $"{Registers(w, 3)} {w.X}",
            w => w.R[0] = O.CompareExchangeAcquireRelease(ref w.X, 1, 0),
            w => w.R[1] = O.CompareExchangeAcquireRelease(ref w.X, 2, 0),
            w => w.R[2] = O.CompareExchangeRelaxed(ref w.X, 3, 0)),
        "0,1,1 1", "2,0,2 2", "3,3,0 3");

    // It may read an old store that is not the expected value, but the expected one only where nothing follows it.
    [Fact]
    public void A_refusal_may_read_an_old_value() => Litmus.Allows(
        Words.Program("CAS old", w => $"{w.R[0]} {w.X}",
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelaxed(ref w.X, 2); },
            w => w.R[0] = O.CompareExchangeRelaxed(ref w.X, 5, 2)),
        "0 2", "1 2", "2 5");

    [Fact]
    public void An_expected_value_that_was_taken_is_not_found_again() => Litmus.Allows(
        Words.Program("CAS taken", w => $"{w.R[0]} {w.R[1]} {w.X}",
            w => w.R[0] = O.FetchOrRelease(ref w.X, 1),
            w => w.R[1] = O.CompareExchangeRelaxed(ref w.X, 4, 0)),
        "0 1 1", "4 0 5");

    [Fact]
    public void A_refusal_acquires() => Litmus.Allows(
        Words.Program("CAS refused acquires", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelease(ref w.Y, 1); },
            w => { w.R[0] = O.CompareExchangeAcquireRelease(ref w.Y, 9, 8); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0,0", "0,1", "1,1");

    [Fact]
    public void A_relaxed_refusal_does_not_acquire() => Litmus.Allows(
        Words.Program("relaxed CAS refused", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelease(ref w.Y, 1); },
            w => { w.R[0] = O.CompareExchangeRelaxed(ref w.Y, 9, 8); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0,0", "0,1", "1,0", "1,1");

    // The refusal stores nothing that z's reader could acquire from: y stays as the third thread stored it, relaxed.
    [Fact]
    public void A_refusal_does_not_release() => Litmus.Allows(
        Words.Program("CAS refused releases nothing", w => Registers(w, 3),
            w => { O.StoreRelaxed(ref w.X, 1); w.R[0] = O.CompareExchangeAcquireRelease(ref w.Y, 9, 8); },
            w => O.StoreRelaxed(ref w.Y, 1),
            w => { w.R[1] = O.LoadAcquire(ref w.Y); w.R[2] = O.LoadRelaxed(ref w.X); }),
        "0,0,0", "0,0,1", "0,1,0", "0,1,1", "1,0,0", "1,0,1", "1,1,0", "1,1,1");

    [Fact]
    public void A_replacement_acquires_and_releases() => Litmus.Allows(
        Words.Program("CAS chain", w => Registers(w, 3),
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelease(ref w.Y, 1); },
            w => { O.StoreRelaxed(ref w.Z, 1); w.R[0] = O.CompareExchangeAcquireRelease(ref w.Y, 2, 1); },
            w =>
            {
                if (O.LoadAcquire(ref w.Y) == 2)
                    (w.R[1], w.R[2]) = (O.LoadRelaxed(ref w.X), O.LoadRelaxed(ref w.Z));
            }),
        "0,0,0", "1,0,0", "1,1,1");

    [Fact]
    public void An_acquiring_one_acquires_replaced_or_refused_and_releases_nothing()
    {
        Litmus.Allows(
            Words.Program("acquire CAS chain", w => Registers(w, 3),
                w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelease(ref w.Y, 1); },
                w => { O.StoreRelaxed(ref w.Z, 1); w.R[0] = O.CompareExchangeAcquire(ref w.Y, 2, 1); w.R[1] = O.LoadRelaxed(ref w.X); },
                w =>
                {
                    if (O.LoadAcquire(ref w.Y) == 2)
                        w.R[2] = 1 + O.LoadRelaxed(ref w.Z);
                }),
            "0,0,0", "0,1,0", "1,1,0", "1,1,1", "1,1,2");
        Litmus.Allows(
            Words.Program("acquire CAS refused", w => Registers(w, 2),
                w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelease(ref w.Y, 1); },
                w => { w.R[0] = O.CompareExchangeAcquire(ref w.Y, 9, 8); w.R[1] = O.LoadRelaxed(ref w.X); }),
            "0,0", "0,1", "1,1");
    }

    [Fact]
    public void A_releasing_one_releases_where_it_replaces_and_acquires_nothing()
    {
        Litmus.Allows(
            Words.Program("release CAS chain", w => Registers(w, 3),
                w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelease(ref w.Y, 1); },
                w => { O.StoreRelaxed(ref w.Z, 1); w.R[0] = O.CompareExchangeRelease(ref w.Y, 2, 1); w.R[1] = O.LoadRelaxed(ref w.X); },
                w =>
                {
                    if (O.LoadAcquire(ref w.Y) == 2)
                        w.R[2] = 1 + O.LoadRelaxed(ref w.Z);
                }),
            "0,0,0", "0,1,0", "1,0,0", "1,0,2", "1,1,0", "1,1,2");
        Litmus.Allows(
            Words.Program("release CAS refused", w => Registers(w, 2),
                w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelease(ref w.Y, 1); },
                w => { w.R[0] = O.CompareExchangeRelease(ref w.Y, 9, 8); w.R[1] = O.LoadRelaxed(ref w.X); }),
            "0,0", "0,1", "1,0", "1,1");
    }

    // One site each to take the lock and to hand it over, and one mutant each: what is named is what is weakened.
    [Fact]
    public void Each_half_alone_is_one_mutant_and_is_needed()
    {
        ModelProgram<Words> program = Words.Program("lock", w => $"{w.Payload}", Count, Count);
        Litmus.Allows(program, "2");

        MutantReport report = MutantReport.Run([program]);
        TestContext.Current.TestOutputHelper?.WriteLine(report.Table());
        Assert.Equal((2, 2, 2), (report.Sites, report.Killed, report.Verdicts.Count));
        Assert.Equal([MemoryOrder.Acquire, MemoryOrder.Release], report.Verdicts.Select(verdict => verdict.Mutant.Site.Order).Order());
        Assert.All(report.Verdicts, verdict => Assert.Equal(MemoryOrder.Relaxed, verdict.Mutant.To));

        static void Count(Words w)
        {
            while (O.CompareExchangeAcquire(ref w.X, 1, 0) != 0)
                O.Pause();
            O.WritePlain(ref w.Payload, O.ReadPlain(ref w.Payload) + 1);
            Assert.Equal(1ul, O.CompareExchangeRelease(ref w.X, 0, 1));
        }
    }

    [Fact]
    public void Payload_under_a_lock_is_no_race_and_either_half_of_the_order_is_needed()
    {
        // Both orders on one word: the one who takes the lock acquires, and hands it over by the same operation.
        ModelProgram<Words> program = Words.Program("baton", w => $"{w.Payload}", w => Pass(w, 0), w => Pass(w, 1));
        Litmus.Allows(program, "2");

        MutantReport report = MutantReport.Run([program]);
        TestContext.Current.TestOutputHelper?.WriteLine(report.Table());
        Assert.Equal((1, 1, 2), (report.Sites, report.Killed, report.Verdicts.Count));
        Assert.Equal([MemoryOrder.Acquire, MemoryOrder.Release], report.Verdicts.Select(verdict => verdict.Mutant.To).Order());
        Assert.All(report.Verdicts, verdict => Assert.Equal(FailureKind.Race, verdict.Failure!.Kind));
    }

    [Fact]
    public void A_failed_execution_repeats_from_its_string_and_says_who_was_refused()
    {
        Failure failure = Litmus.Fails(
            Words.Program("CAS refused", _ => "",
                w => O.CompareExchangeRelaxed(ref w.X, 1, 0),
                w => { if (O.CompareExchangeRelaxed(ref w.X, 2, 0) == 1) throw new InvalidOperationException("refused"); }),
            FailureKind.Assertion).Failure!;
        Assert.Contains("x = 1 from T0's step 0, refused", failure.Trace, StringComparison.Ordinal);
    }

    private static ulong Increment(ref ulong location)
    {
        ulong seen = O.LoadRelaxed(ref location);
        while (true)
        {
            ulong found = O.CompareExchangeRelaxed(ref location, seen + 1, seen);
            if (found == seen)
                return found;
            seen = found;
        }
    }

    // The word counts: even numbers are whoever comes next's, odd ones mean that the payload is in use.
    private static void Pass(Words w, int thread)
    {
        while (!Step(ref w.X, from: 0, alternative: 2))
            O.Pause();
        O.WritePlain(ref w.Payload, O.ReadPlain(ref w.Payload) + 1);
        w.R[thread] = O.ReadPlain(ref w.Payload);
        Assert.True(Step(ref w.X, from: 1, alternative: 3));
    }

    private static bool Step(ref ulong word, ulong from, ulong alternative)
    {
        ulong found = from;
        for (int i = 0; i < 2; i++, found = alternative)
        {
            if (O.CompareExchangeAcquireRelease(ref word, found + 1, found) == found)
                return true;
        }

        return false;
    }
}
