using FsCheck;
using FsCheck.Fluent;
using RingKit.DirtyRings.IndexPublished;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;

namespace RingKit.Properties.DirtyRings.IndexPublished;

/// <summary>The index-published dirty ring: of one producer, of any capacity, and a machine's own, of several.</summary>
internal sealed class ExploredIndexPublishedRing : ExploredStructure
{
    public override string Name => "index-published dirty ring";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        Of(new(1, 2) { IsOneConsumer = false }),
        Of(new(4, 1) { IsObserved = true }),
        Of(new(2, 1) { IsForeign = true, IsForged = true }),

        // Two producers under the lock.
        Of(new(2, 1, 1)),
    ];

    public override Gen<ModelProgram> Programs => Gen.Frequency((2, OneProducer), (1, TwoProducers));

    // Two laps at least.
    private static Gen<ModelProgram> OneProducer =>
        from capacity in Gen.Elements(1, 1, 2, 3, 4)
        from extra in Gen.Choose(0, 1)
        from isOneConsumer in Gen.Elements(true, false)
        from isForeign in Gen.Elements(true, false)
        from atEnd in Gen.Elements(true, false)
        from harvests in ExploredDirtyRing.Maxima(capacity, Gen.Elements(1, -1))
        from resets in ExploredDirtyRing.Maxima(capacity, Gen.Constant(1))
        select Of(new(capacity, (2 * capacity) + extra)
        {
            Start = StartOf(capacity, atEnd),
            Harvests = harvests,
            Resets = resets,
            IsOneConsumer = isOneConsumer,
            IsForeign = isForeign,
        });

    private static Gen<ModelProgram> TwoProducers =>
        from capacity in Gen.Elements(1, 1, 2)
        from first in Gen.Choose(1, 2)
        from extra in Gen.Choose(0, 1)
        from harvests in ExploredDirtyRing.Maxima(capacity, Gen.Elements(1, -1))
        from resets in ExploredDirtyRing.Maxima(capacity, Gen.Constant(1))
        select Of(new(capacity, first, (2 * capacity) + extra - first + (first == 2 * capacity ? 1 : 0)) { Harvests = harvests, Resets = resets });

    // Only a ring whose capacity is no power of two needs the other way to count; one of four has it too.
    internal static ModelProgram Of(IndexPublishedScript script) => script.Capacity is 3 or 4 && !script.IsObserved
        ? IndexPublishedProgram<AnyCapacityIndexing>.Of(script)
        : IndexPublishedProgram<PowerOfTwoIndexing>.Of(script);

    // Near the end of its values an index wraps within the program.
    private static uint StartOf(int capacity, bool atEnd) => (capacity, atEnd) switch
    {
        (_, false) => 0,
        (3 or 4, true) => (2 * (uint)capacity) - 1,
        _ => uint.MaxValue,
    };
}
