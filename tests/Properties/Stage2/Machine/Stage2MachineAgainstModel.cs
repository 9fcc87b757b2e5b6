using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Stage2.Machine;

/// <summary>
/// Random stores, loads, harvests, starts and stops of the log and deeds of the host: contents and reports are the model's after each, and the checker, which is
/// told of every change and invalidation of the machine, finds no rule broken.
/// </summary>
public sealed class Stage2MachineAgainstModel
{
    // Few places, so that things meet: the ends of blocks and of bitmap words, in whole blocks and in the slot's ends.
    private static readonly int[] Places = [0, 1, 98, 99, 100, 101, 162, 163, 164, 400, 611, 612, 613, 1000, 1122, 1123, 1124, 1150, 1182];

    [Theory]
    [InlineData(Stage2Generation.Current, true, 0, MaskedProtection.Span, true)]
    [InlineData(Stage2Generation.Current, true, 1 << 21, MaskedProtection.Exact, false)]
    [InlineData(Stage2Generation.Current, false, 0, MaskedProtection.Exact, true)]
    [InlineData(Stage2Generation.Posted2014, true, 0, MaskedProtection.Span, true)]
    public void Random_deeds(Stage2Generation generation, bool hasHugePages, int chunk, MaskedProtection protection, bool setsAccessFlag)
    {
        Gen<MachineStep> step =
            from deed in Gen.Frequency(
                (3, Gen.Elements(MachineDeed.Load, MachineDeed.Store, MachineDeed.StoreAgain, MachineDeed.StoreAcross)),
                (2, Gen.Elements(MachineDeed.Harvest, MachineDeed.Harvest, MachineDeed.Start, MachineDeed.Stop)),
                (2, Gen.Elements(Enum.GetValues<MachineDeed>()[(int)MachineDeed.Invalidate..])))
            from vcpu in Gen.Choose(0, MachineModel.Vcpus - 1)
            from page in Gen.Elements(Places)
            from count in Gen.Elements(1, 2, 64, 600)
            select new MachineStep(deed, vcpu, page, count);
        Props.Check(
            Prop.ForAll(Arb.From(step.ArrayOf()), steps =>
            {
                using var model = new MachineModel(new Stage2Options
                {
                    Generation = generation,
                    HasHugePages = hasHugePages,
                    EagerSplitChunk = (ulong)chunk,
                    MaskedProtection = protection,
                    HasHardwareAccessFlag = setsAccessFlag,
                });
                foreach (MachineStep one in steps)
                    model.Do(one);
                model.Check();
            }),
            $"{nameof(Random_deeds)}({generation}, {hasHugePages}, {chunk}, {protection}, {setsAccessFlag})",
            maxTest: LongRun.IsOn ? 3000 : 60,
            endSize: 150);
    }

    /// <summary>A block is mapped, logged, dissolved by a store, and read beside it; the log stops, and something else of the block is read.</summary>
    [Theory]
    [InlineData(Stage2Generation.Current, nameof(Stage2Defects.None))]
    [InlineData(Stage2Generation.Posted2014, nameof(Stage2Defects.None))]
    [InlineData(Stage2Generation.Posted2014, nameof(Stage2Defects.MapsReadsWritable))]
    [InlineData(Stage2Generation.Posted2014, nameof(Stage2Defects.FlushesOutputAddress))]
    [InlineData(Stage2Generation.Posted2014, nameof(Stage2Defects.LeaksReplacedTable))]
    public void A_past_bug_is_found_by_the_report_the_checker_or_the_references(Stage2Generation generation, string name)
    {
        Stage2Defects defects = Enum.Parse<Stage2Defects>(name);
        Exception? found = Record.Exception(() => RunScript(new Stage2Options { Generation = generation, Defects = defects }));
        Assert.Equal(defects == Stage2Defects.None, found is null);
    }

    private static void RunScript(Stage2Options options)
    {
        using var model = new MachineModel(options);
        foreach ((MachineDeed deed, int page) in ((MachineDeed, int)[])
        [
            (MachineDeed.Store, 100), (MachineDeed.Start, 0), (MachineDeed.Store, 101), (MachineDeed.Load, 400), (MachineDeed.Store, 400), (MachineDeed.Harvest, 0),
            (MachineDeed.Stop, 0), (MachineDeed.Load, 163), (MachineDeed.Load, 400),
        ])
        {
            model.Do(new MachineStep(deed, Vcpu: 0, page, Count: 1));
        }

        model.Check();
    }
}
