using FsCheck;
using FsCheck.Experimental;
using FsCheck.Fluent;
using RingKit.DirtyRings;

namespace RingKit.Properties.DirtyRings;

/// <summary>A step of one of the three parties, done to the ring and compared with the model: result, every entry's state, every transition.</summary>
internal abstract class RingOperation(params (uint From, uint To)[] legal) : Operation<RingRig, RingModel>
{
    public override Property Check(RingRig actual, RingModel model)
    {
        DirtyGfn[] before = actual.Memory.ToArray();
        string outcome = Act(actual);
        string? error = string.Equals(outcome, model.Outcome, StringComparison.Ordinal)
            ? IllegalTransition(before, actual.Memory) ?? model.DifferenceFrom(actual)
            : $"reports '{outcome}', and should '{model.Outcome}'";
        return (error is null).Label($"{this}: {error}");
    }

    /// <summary>Does the step and says what it reported.</summary>
    protected abstract string Act(RingRig rig);

    // A party moves entries only along its own edge of the circle 0 -> Dirty -> Reset -> 0.
    private string? IllegalTransition(DirtyGfn[] before, ReadOnlySpan<DirtyGfn> after)
    {
        for (int i = 0; i < before.Length; i++)
        {
            (uint, uint) transition = (before[i].Flags, after[i].Flags);
            if (before[i].Flags != after[i].Flags && !legal.Contains(transition))
                return $"took entry {i} from {before[i]} to {after[i]}";
        }

        return null;
    }
}
