using RingKit.Interleaving;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Interleaving;

/// <summary>Payload that is read before the reader knows whether it may: a race only if it is kept.</summary>
public class TentativeReadTests
{
    private const ulong Free = 0;
    private const ulong Read = 1;
    private const ulong Taken = 2;

    [Fact]
    public void What_is_thrown_away_is_no_race()
    {
        Litmus.Allows(Words.Program("tentative", w => $"{w.R[0]}", w => KeepIfFree(w), Take), "0", "1");
        Litmus.Fails(
            Words.Program("not tentative", _ => "",
                w =>
                {
                    _ = O.ReadPlain(ref w.Payload);
                    O.CompareExchangeRelease(ref w.X, Read, Free);
                },
                Take),
            FailureKind.Race);
    }

    [Fact]
    public void What_is_kept_is_a_race_with_a_write_before_and_with_one_after()
    {
        Litmus.Fails(
            Words.Program("kept", _ => "", w => KeepIfFree(w), w => O.WritePlain(ref w.Payload, 1ul)), FailureKind.Race);
        Litmus.Fails(
            Words.Program("kept, and handed over in no order", _ => "",
                w => KeepIfFree(w),
                w =>
                {
                    if (O.LoadRelaxed(ref w.X) == Read)
                        O.WritePlain(ref w.Payload, 1ul);
                }),
            FailureKind.Race);
    }

    [Fact]
    public void A_kept_read_is_handed_over_by_the_order_of_the_compare_exchange()
    {
        ModelProgram<Words> program = Words.Program("kept, and handed over", w => $"{w.R[0]}",
            w => KeepIfFree(w),
            w =>
            {
                if (O.LoadAcquire(ref w.X) == Read)
                    O.WritePlain(ref w.Payload, 1ul);
            });
        Litmus.Allows(program, "1");

        MutantReport report = MutantReport.Run([program]);
        TestContext.Current.TestOutputHelper?.WriteLine(report.Table());
        Assert.Equal((2, 2), (report.Sites, report.Killed));
        Assert.All(report.Verdicts, verdict => Assert.Equal(FailureKind.Race, verdict.Failure!.Kind));
    }

    // The first read was thrown away; the second one counts, and there the writer has ended.
    [Fact]
    public void Each_compare_exchange_decides_about_the_reads_before_it_alone() => Litmus.Allows(
        Words.Program("tentative twice", w => $"{w.R[0]}",
            w =>
            {
                if (KeepIfFree(w))
                    return;
                while (O.LoadAcquire(ref w.Y) == 0)
                    O.Pause();
                _ = O.ReadTentative(ref w.Payload);
                Assert.Equal(Taken, O.CompareExchangeRelease(ref w.X, Read, Taken));
                w.R[0] = 2;
            },
            w =>
            {
                Take(w);
                O.StoreRelease(ref w.Y, 1);
            }),
        "1", "2");

    private static bool KeepIfFree(Words w)
    {
        _ = O.ReadTentative(ref w.Payload);
        if (O.CompareExchangeRelease(ref w.X, Read, Free) != Free)
            return false;
        w.R[0] = 1;
        return true;
    }

    private static void Take(Words w)
    {
        if (O.CompareExchangeAcquire(ref w.X, Taken, Free) == Free)
            O.WritePlain(ref w.Payload, 1ul);
    }
}
