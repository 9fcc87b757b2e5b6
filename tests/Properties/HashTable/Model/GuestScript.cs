using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu.HashTable;

namespace RingKit.Properties.HashTable.Model;

/// <summary>A generation of KVM, and what happens there.</summary>
internal sealed record GuestScript(HashTableOptions Options, GuestStep[] Steps)
{
    private static readonly (int Weight, GuestStepKind Kind)[] Weights =
    [
        (16, GuestStepKind.Enter), (22, GuestStepKind.Store), (6, GuestStepKind.Load), (7, GuestStepKind.Remove), (3, GuestStepKind.BulkRemove),
        (6, GuestStepKind.Protect), (2, GuestStepKind.ClearReferenced), (4, GuestStepKind.ClearModified), (3, GuestStepKind.Read),
        (2, GuestStepKind.PageInit), (4, GuestStepKind.PageOut), (1, GuestStepKind.PageIn), (3, GuestStepKind.Share), (3, GuestStepKind.Age),
        (7, GuestStepKind.Get), (3, GuestStepKind.FinalGet), (2, GuestStepKind.SwitchLog), (1, GuestStepKind.Resize),
        (1, GuestStepKind.NoteModifications),
    ];

    public static Arbitrary<GuestScript> Arbitrary => Arb.From(Scripts, Shrink);

    private static Gen<GuestScript> Scripts =>
        from era in Gen.Elements(Enum.GetValues<HashTableEra>())
        from pageShift in Gen.Elements(12, 16)
        from backing in Gen.Elements(16, 24, 24)
        from isa30 in Gen.Elements(false, true)
        from delays in Gen.Elements(false, true)
        from thorough in Gen.Elements(true, true, true, false)
        from addresses in Gen.OneOf(Gen.Constant(Addresses), Gen.Elements(Addresses).ArrayOf(4))
        from steps in StepAmong(addresses).ArrayOf(60)
        select new GuestScript(
            new HashTableOptions
            {
                Order = 18,
                Era = era,
                PageShift = pageShift,
                BackingShift = backing,
                Isa30 = isa30,
                DelaysChanged = delays,
                HarvestsThoroughly = thorough,
            },
            steps);

    private static int[] Addresses => [.. Enumerable.Range(0, GuestAddress.All.Length)];

    // All addresses fill a group; few meet each other more often.
    private static Gen<GuestStep> StepAmong(int[] addresses) =>
        from kind in Gen.Frequency([.. Weights.Select(one => (one.Weight, Gen.Constant(one.Kind)))])
        from address in Gen.Elements(addresses)
        from choice in Gen.Choose(0, int.MaxValue)
        select new GuestStep(kind, address, choice);

    public override string ToString() => $"{Options}\n  {string.Join("\n  ", Steps)}";

    // Without a half, a quarter, ... of the steps.
    private static IEnumerable<GuestScript> Shrink(GuestScript script)
    {
        for (int length = script.Steps.Length / 2; length > 0; length /= 2)
        {
            for (int first = 0; first + length <= script.Steps.Length; first += length)
                yield return script with { Steps = [.. script.Steps[..first], .. script.Steps[(first + length)..]] };
        }
    }
}
