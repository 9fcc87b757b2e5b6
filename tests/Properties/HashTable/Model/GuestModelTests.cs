using FsCheck.Fluent;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.HashTable.Model;

/// <summary>Random guests on random generations of KVM, against the naive model.</summary>
public sealed class GuestModelTests
{
    [Fact]
    public void Nothing_is_lost_nothing_invented_and_walk_and_sweep_agree() => Props.Check(
        Prop.ForAll(GuestScript.Arbitrary, script => GuestRun.Run(script)),
        nameof(Nothing_is_lost_nothing_invented_and_walk_and_sweep_agree),
        maxTest: LongRun.IsOn ? 20_000 : 200);
}
