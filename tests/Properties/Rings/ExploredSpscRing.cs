using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using RingKit.Rings;
using static RingKit.Properties.Rings.RingStep;

namespace RingKit.Properties.Rings;

/// <summary>The ring between one producer and one consumer, and the gate where its ends sleep.</summary>
internal sealed class ExploredSpscRing : ExploredStructure
{
    public override string Name => "SPSC ring";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        SpscProgram.Of(new(1, 2, [One], [One])),
        SpscProgram.Of(new(2, 4, [One], [Batch(2)])),
        SpscProgram.Of(new(2, 3, [Batch(2)], [InPlace(2)]) { Completes = true }),
        SpscProgram.Of(new(1, 2, [InPlace(1)], [One])),
        SpscProgram.Of(new(4, 1, [One], [One]) { IsObserved = true }),
        SpscProgram.Of(new(1, 1, [One], [One]) { Policy = FullPolicy.Block, Waiting = RingWaiting.Sleep }),
        SpscProgram.Of(new(1, 2, [One], [One]) { Policy = FullPolicy.Block, Waiting = RingWaiting.Sleep }),
        SpscProgram.Of(new(1, 2, [One], [One]) { Policy = FullPolicy.OverwriteOldest, Completes = true }),
        SpscProgram.Of(new(2, 3, [Batch(2)], [InPlace(2)]) { Policy = FullPolicy.OverwriteOldest, Completes = true }),
        SpscProgram.Of(new(2, 4, [Batch(2)], [One])),
        .. SpscScenes.All,
    ];

    public override Gen<ModelProgram> Programs =>
        from capacity in Gen.Elements(1, 2, 2, 4)
        from extra in Gen.Choose(0, 1)
        from pushes in Steps(capacity)
        from pops in Reads(capacity)
        from policy in Gen.Elements(FullPolicy.Reject, FullPolicy.Reject, FullPolicy.Block, FullPolicy.OverwriteOldest)
        from waiting in Gen.Elements(RingWaiting.TryAgain, RingWaiting.Spin, RingWaiting.Sleep)
        from completes in Gen.Elements(true, false)
        let total = policy == FullPolicy.OverwriteOldest ? Math.Min(capacity + 1 + extra, 4) : (2 * capacity) + extra
        select (ModelProgram)SpscProgram.Of(new(capacity, total, pushes, pops)
        {
            Policy = policy,
            Waiting = policy == FullPolicy.Block ? waiting : RingWaiting.TryAgain,
            Completes = completes || policy == FullPolicy.OverwriteOldest,
        });

    /// <summary>Steps of a consumer: at least one takes something, or it would look for ever.</summary>
    internal static Gen<RingStep[]> Reads(int capacity) =>
        from steps in Steps(capacity)
        from looks in Gen.Choose(0, 4)
        from at in Gen.Choose(0, steps.Length)
        select looks == 0 ? [.. steps[..at], Look(capacity), .. steps[at..]] : steps;

    internal static Gen<RingStep[]> Steps(int capacity) =>
        from length in Gen.Choose(1, 3)
        from steps in (
            from kind in Gen.Elements(RingStepKind.One, RingStepKind.Batch, RingStepKind.InPlace)
            from count in Gen.Choose(1, capacity + 1)
            select new RingStep(kind, kind == RingStepKind.One ? 1 : count)).ArrayOf(length)
        select steps;
}
