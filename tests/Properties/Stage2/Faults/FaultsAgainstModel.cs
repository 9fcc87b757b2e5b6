using FsCheck.Fluent;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.Stage2.Faults.Model;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Stage2.Faults;

/// <summary>Random guests and hosts: nothing is lost, nothing is reached that is not the guest's, no rule is broken.</summary>
public sealed class FaultsAgainstModel
{
    [Theory]
    [InlineData(Stage2Generation.Posted2014)]
    [InlineData(Stage2Generation.Current)]
    public void Random_guests_and_hosts(Stage2Generation generation) => Props.Check(
        Prop.ForAll(FaultRun.Scripts, script => FaultRun.Run(script, generation)),
        $"{nameof(Random_guests_and_hosts)}({generation})",
        maxTest: LongRun.IsOn ? 5000 : 60,
        endSize: 120);
}
