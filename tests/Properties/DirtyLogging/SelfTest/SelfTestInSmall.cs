using FsCheck;
using FsCheck.Fluent;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>The self-test on one thread, in random orders that repeat: what fails here shrinks to a few steps.</summary>
public sealed class SelfTestInSmall
{
    public static TheoryData<string> Names => [.. SelfTestCases.Chosen.Select(test => test.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void I1_to_I4_hold_in_any_order_of_stores_harvests_and_changes_of_the_host(string name)
    {
        SelfTestCase test = SelfTestCases.All[name];
        Props.Check(
            Prop.ForAll(Arb.From(Steps, Shorter), steps => Assert.Empty(SelfTestScript.Run(test, vcpus: 2, steps))),
            $"{nameof(I1_to_I4_hold_in_any_order_of_stores_harvests_and_changes_of_the_host)}, {name}",
            maxTest: LongRun.IsOn ? 5000 : 12,
            endSize: 300);
    }

    // Half of the pages are neighbours, so that words, blocks and rings are shared.
    private static Gen<(int Kind, int Page)[]> Steps => Gen.ArrayOf(Gen.Zip(
        Gen.Choose(0, SelfTestScript.Kinds - 1), Gen.OneOf(Gen.Choose(0, SelfTestMemory.PageCount - 1), Gen.Choose(500, 540))));

    // Without a half of the steps, a quarter, ... one.
    private static IEnumerable<(int Kind, int Page)[]> Shorter((int Kind, int Page)[] steps)
    {
        for (int length = (steps.Length + 1) / 2; length > 0; length /= 2)
        {
            for (int start = 0; start < steps.Length; start += length)
                yield return [.. steps[..start], .. steps[Math.Min(start + length, steps.Length)..]];
        }
    }
}
