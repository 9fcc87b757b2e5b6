using FsCheck;
using FsCheck.Experimental;
using FsCheck.Fluent;

namespace RingKit.Properties.DirtyRings;

/// <summary>Random schedules of producer, harvester and resetter on one thread, over small rings that begin at one of the given indices.</summary>
internal sealed class RingMachine(params uint[] startIndices) : Machine<RingRig, RingModel>(MaximumSteps)
{
    private const int MaximumSteps = 80;

    /// <summary>How many rings the schedules took across 2^32.</summary>
    public int Wrapped { get; private set; }

    public override Arbitrary<Setup<RingRig, RingModel>> Setup =>
        (from power in Gen.Choose(0, 5)
         from reserve in Gen.Choose(0, (1 << power) - 1)
         from start in Gen.Elements(startIndices)
         select StateMachine.Setup(
             () => new RingRig(1 << power, reserve, start), () => RingModel.Empty(1 << power, reserve))).ToArbitrary();

    public override TearDown<RingRig> TearDown => StateMachine.TearDown<RingRig>(rig =>
    {
        if (rig.Core.Control.ResetIndex < rig.StartIndex)
            Wrapped++;
        rig.Dispose();
    });

    public override Gen<Operation<RingRig, RingModel>> Next(RingModel model)
    {
        // Maxima are sometimes 0, and sometimes more than there is.
        Gen<int> amount = Gen.Choose(0, model.Capacity + 2);
        return Gen.Frequency(
            (5, from count in amount
                from slot in Gen.Elements(1u, 2u, 0x10001u)
                from page in Gen.Choose(0, 150)
                select (Operation<RingRig, RingModel>)new RingOperations.Push(count, slot, (ulong)page)),
            (3, amount.Select(maximum => (Operation<RingRig, RingModel>)new RingOperations.Harvest(maximum))),
            (1, from maximum in amount
                from page in Gen.Choose(0, 150)
                select (Operation<RingRig, RingModel>)new RingOperations.HarvestMeanwhilePush(maximum, (ulong)page)),
            (2, from maximum in amount
                from release in amount
                from pushes in Gen.Choose(0, 4)
                from recycle in Gen.Choose(0, 4)
                select (Operation<RingRig, RingModel>)new RingOperations.Borrow(maximum, release, pushes, recycle)),
            (4, from maximum in amount
                from pushes in Gen.Elements(false, true)
                select (Operation<RingRig, RingModel>)new RingOperations.Reset(maximum, pushes)));
    }
}
