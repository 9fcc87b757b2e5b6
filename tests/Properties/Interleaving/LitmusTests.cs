using RingKit.Interleaving;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Interleaving;

/// <summary>The classic shapes: what the model must allow, and what it must forbid.</summary>
public class LitmusTests
{
    private static string Registers(Words w, int count) => string.Join(",", w.R.Take(count));

    [Fact]
    public void Message_passing_by_release_and_acquire_delivers() => Litmus.Allows(
        Words.Program("MP rel/acq", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelease(ref w.Y, 1); },
            w => { w.R[0] = O.LoadAcquire(ref w.Y); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0,0", "0,1", "1,1");

    [Fact]
    public void Message_passing_needs_the_release() => Litmus.Allows(
        Words.Program("MP rlx/acq", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelaxed(ref w.Y, 1); },
            w => { w.R[0] = O.LoadAcquire(ref w.Y); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0,0", "0,1", "1,0", "1,1");

    [Fact]
    public void Message_passing_needs_the_acquire() => Litmus.Allows(
        Words.Program("MP rel/rlx", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelease(ref w.Y, 1); },
            w => { w.R[0] = O.LoadRelaxed(ref w.Y); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0,0", "0,1", "1,0", "1,1");

    [Fact]
    public void Message_passing_by_two_fences_delivers() => Litmus.Allows(
        Words.Program("MP fences", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); O.FullFence(); O.StoreRelaxed(ref w.Y, 1); },
            w => { w.R[0] = O.LoadRelaxed(ref w.Y); O.FullFence(); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0,0", "0,1", "1,1");

    [Fact]
    public void Store_buffering_is_seen_through_release_and_acquire() => Litmus.Allows(
        Words.Program("SB rel/acq", w => Registers(w, 2),
            w => { O.StoreRelease(ref w.X, 1); w.R[0] = O.LoadAcquire(ref w.Y); },
            w => { O.StoreRelease(ref w.Y, 1); w.R[1] = O.LoadAcquire(ref w.X); }),
        "0,0", "0,1", "1,0", "1,1");

    [Fact]
    public void Store_buffering_ends_at_two_full_fences() => Litmus.Allows(
        Words.Program("SB fences", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); O.FullFence(); w.R[0] = O.LoadRelaxed(ref w.Y); },
            w => { O.StoreRelaxed(ref w.Y, 1); O.FullFence(); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0,1", "1,0", "1,1");

    [Fact]
    public void Store_buffering_does_not_end_at_one_full_fence() => Litmus.Allows(
        Words.Program("SB one fence", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); O.FullFence(); w.R[0] = O.LoadRelaxed(ref w.Y); },
            w => { O.StoreRelaxed(ref w.Y, 1); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0,0", "0,1", "1,0", "1,1");

    [Fact]
    public void Store_buffering_ends_at_a_process_wide_fence_on_one_side() => Litmus.Allows(
        Words.Program("SB process-wide", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); w.R[0] = O.LoadRelaxed(ref w.Y); },
            w => { O.StoreRelaxed(ref w.Y, 1); O.ProcessWideFence(); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0,1", "1,0", "1,1");

    [Fact]
    public void Message_passing_by_a_process_wide_fence_of_the_reader_delivers() => Litmus.Allows(
        Words.Program("MP process-wide", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelaxed(ref w.Y, 1); },
            w => { w.R[0] = O.LoadRelaxed(ref w.Y); O.ProcessWideFence(); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0,0", "0,1", "1,1");

    [Fact]
    public void Message_passing_by_a_process_wide_fence_of_the_writer_delivers() => Litmus.Allows(
        Words.Program("MP process-wide writer", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); O.ProcessWideFence(); O.StoreRelaxed(ref w.Y, 1); },
            w => { w.R[0] = O.LoadRelaxed(ref w.Y); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0,0", "0,1", "1,1");

    // 0,0: neither had done anything yet when the fence came, or both were done.
    [Fact]
    public void A_process_wide_fence_of_a_bystander_ends_nothing_that_is_on_one_side_of_it() => Litmus.Allows(
        Words.Program("SB bystander", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); w.R[0] = O.LoadRelaxed(ref w.Y); },
            w => { O.StoreRelaxed(ref w.Y, 1); w.R[1] = O.LoadRelaxed(ref w.X); },
            w => O.ProcessWideFence()),
        "0,0", "0,1", "1,0", "1,1");

    // Real processors, and RC11's relatives without the ban on cycles, may show 1,1: the model never does. README.md says what that misses.
    [Fact]
    public void Load_buffering_is_not_modelled() => Litmus.Allows(
        Words.Program("LB rlx", w => Registers(w, 2),
            w => { w.R[0] = O.LoadRelaxed(ref w.X); O.StoreRelaxed(ref w.Y, 1); },
            w => { w.R[1] = O.LoadRelaxed(ref w.Y); O.StoreRelaxed(ref w.X, 1); }),
        "0,0", "0,1", "1,0");

    // 1,0,1,0: the two readers disagree on which store came first. C++11 allows it, the multi-copy atomic processors of .NET do not.
    [Fact]
    public void Independent_readers_may_disagree_under_release_and_acquire()
    {
        ExplorationResult result = Explorer.Explore(Iriw("IRIW rel/acq", fences: false)).ThrowIfFailed();
        Assert.Contains("1,0,1,0", result.Outcomes.Keys, StringComparer.Ordinal);
        Assert.Equal(16, result.Outcomes.Count);
    }

    [Fact]
    public void Independent_readers_agree_behind_full_fences()
    {
        ExplorationResult result = Explorer.Explore(Iriw("IRIW fences", fences: true)).ThrowIfFailed();
        Assert.DoesNotContain("1,0,1,0", result.Outcomes.Keys, StringComparer.Ordinal);
        Assert.Equal(15, result.Outcomes.Count);
    }

    [Fact]
    public void Two_reads_of_a_word_never_go_back() => Litmus.Allows(
        Words.Program("CoRR", w => Registers(w, 2),
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelaxed(ref w.X, 2); },
            w => { w.R[0] = O.LoadRelaxed(ref w.X); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0,0", "0,1", "0,2", "1,1", "1,2", "2,2");

    [Fact]
    public void Two_writes_of_a_word_stay_in_order() => Litmus.Allows(
        Words.Program("CoWW", w => $"{w.X}",
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelaxed(ref w.X, 2); }),
        "2");

    [Fact]
    public void A_read_does_not_see_the_write_behind_it() => Litmus.Allows(
        Words.Program("CoRW", w => $"{w.R[0]} {w.X}",
            w => { w.R[0] = O.LoadRelaxed(ref w.X); O.StoreRelaxed(ref w.X, 1); },
            w => O.StoreRelaxed(ref w.X, 2)),
        "0 1", "0 2", "2 1");

    [Fact]
    public void A_read_behind_a_write_sees_it_or_a_later_one() => Litmus.Allows(
        Words.Program("CoWR", w => $"{w.R[0]} {w.X}",
            w => { O.StoreRelaxed(ref w.X, 1); w.R[0] = O.LoadRelaxed(ref w.X); },
            w => O.StoreRelaxed(ref w.X, 2)),
        "1 1", "1 2", "2 2");

    [Fact]
    public void All_readers_see_the_writes_of_a_word_in_one_order()
    {
        ExplorationResult result = Explorer.Explore(Words.Program("CoRR two readers", w => Registers(w, 4),
            w => O.StoreRelaxed(ref w.X, 1),
            w => O.StoreRelaxed(ref w.X, 2),
            w => { w.R[0] = O.LoadRelaxed(ref w.X); w.R[1] = O.LoadRelaxed(ref w.X); },
            w => { w.R[2] = O.LoadRelaxed(ref w.X); w.R[3] = O.LoadRelaxed(ref w.X); })).ThrowIfFailed();
        Assert.Contains("1,2,1,2", result.Outcomes.Keys, StringComparer.Ordinal);
        Assert.DoesNotContain("1,2,2,1", result.Outcomes.Keys, StringComparer.Ordinal);
        Assert.DoesNotContain("2,1,1,2", result.Outcomes.Keys, StringComparer.Ordinal);
    }

    // 1 1: each word ends with the store that its thread made first. Relaxed and release stores alike.
    [Fact]
    public void Two_plus_two_writes_may_cross() => Litmus.Allows(
        Words.Program("2+2W rel", w => $"{w.X} {w.Y}",
            w => { O.StoreRelease(ref w.X, 1); O.StoreRelease(ref w.Y, 2); },
            w => { O.StoreRelease(ref w.Y, 1); O.StoreRelease(ref w.X, 2); }),
        "1 1", "1 2", "2 1", "2 2");

    [Fact]
    public void Two_plus_two_writes_do_not_cross_behind_full_fences() => Litmus.Allows(
        Words.Program("2+2W fences", w => $"{w.X} {w.Y}",
            w => { O.StoreRelaxed(ref w.X, 1); O.FullFence(); O.StoreRelaxed(ref w.Y, 2); },
            w => { O.StoreRelaxed(ref w.Y, 1); O.FullFence(); O.StoreRelaxed(ref w.X, 2); }),
        "1 2", "2 1", "2 2");

    [Fact]
    public void A_release_sequence_goes_on_through_a_read_modify_write() => Litmus.Allows(
        Words.Program("release sequence", w => $"{w.R[0]} {w.R[1]}",
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelease(ref w.Y, 1); },
            w => O.FetchAndNotAcquire(ref w.Y, 4),
            w => { w.R[0] = O.LoadAcquire(ref w.Y); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0 0", "0 1", "1 1");

    [Fact]
    public void A_release_sequence_ends_at_a_store() => Litmus.Allows(
        Words.Program("no release sequence", w => $"{w.R[0]} {w.R[1]}",
            w => { O.StoreRelaxed(ref w.X, 1); O.StoreRelease(ref w.Y, 1); O.StoreRelaxed(ref w.Y, 2); },
            w => { w.R[0] = O.LoadAcquire(ref w.Y); w.R[1] = O.LoadRelaxed(ref w.X); }),
        "0 0", "0 1", "1 1", "2 0", "2 1");

    [Fact]
    public void Read_modify_writes_lose_nothing() => Litmus.Allows(
        Words.Program("RMW", w => $"{w.X}",
            w => O.OrRelease(ref w.X, 1),
            w => O.OrRelease(ref w.X, 2),
            w => O.FetchOrRelease(ref w.X, 4)),
        "7");

    [Fact]
    public void A_load_and_a_store_are_no_read_modify_write() => Litmus.Allows(
        Words.Program("no RMW", w => $"{w.X}",
            w => O.StoreRelaxed(ref w.X, O.LoadRelaxed(ref w.X) | 1),
            w => O.StoreRelaxed(ref w.X, O.LoadRelaxed(ref w.X) | 2)),
        "1", "2", "3");

    [Fact]
    public void Exactly_one_exchange_gets_the_token() => Litmus.Allows(
        Words.Program("exchange", w => Registers(w, 2),
            w => w.R[0] = O.ExchangeAcquire(ref w.X, 1),
            w => w.R[1] = O.ExchangeAcquire(ref w.X, 1)),
        "0,1", "1,0");

    private static ModelProgram<Words> Iriw(string name, bool fences) => Words.Program(name, w => Registers(w, 4),
        w => O.StoreRelease(ref w.X, 1),
        w => O.StoreRelease(ref w.Y, 1),
        w =>
        {
            w.R[0] = O.LoadAcquire(ref w.X);
            if (fences)
                O.FullFence();
            w.R[1] = O.LoadAcquire(ref w.Y);
        },
        w =>
        {
            w.R[2] = O.LoadAcquire(ref w.Y);
            if (fences)
                O.FullFence();
            w.R[3] = O.LoadAcquire(ref w.X);
        });
}
