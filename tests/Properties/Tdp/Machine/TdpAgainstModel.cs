using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Tdp.Machine;

/// <summary>
/// Random stores, loads, harvests, starts and stops, changes of attributes, host levels and orders: contents are right, nothing is lost, and no mapping is larger
/// than it may be.
/// </summary>
public sealed class TdpAgainstModel
{
    [Theory]
    [InlineData(TdpLogMethod.WriteProtection, true, true, MappingForm.RingKit)]
    [InlineData(TdpLogMethod.WriteProtection, false, false, MappingForm.RingKit)]
    [InlineData(TdpLogMethod.ModificationLog, true, false, MappingForm.RingKit)]
    [InlineData(TdpLogMethod.ModificationLog, false, true, MappingForm.RingKit)]
    [InlineData(TdpLogMethod.ModificationLog, false, true, MappingForm.Merged)]
    public void Random_lives(TdpLogMethod method, bool eager, bool mapsReadsWritable, MappingForm form)
    {
        Gen<TdpStep> step =
            from kind in Gen.Elements(Enum.GetValues<TdpStepKind>())
            from a in Gen.Choose(0, 1 << 20)
            from b in Gen.Choose(0, 1 << 20)
            select new TdpStep(kind, a, b);
        var options = new TdpOptions { LogMethod = method, SplitsEagerly = eager, MapsReadsWritable = mapsReadsWritable, Form = form };
        Props.Check(
            Prop.ForAll(Arb.From(step.ArrayOf()), steps => Run(options, steps)), $"{nameof(Random_lives)}({method}, {eager}, {mapsReadsWritable}, {form})", maxTest: 60);
    }

    private static void Run(TdpOptions options, TdpStep[] steps)
    {
        using var life = new TdpLife(options);
        foreach (TdpStep step in steps)
        {
            life.Do(step);
            life.Check();
        }

        life.Finish();
    }
}
