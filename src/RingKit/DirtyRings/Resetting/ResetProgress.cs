using System.Numerics;

namespace RingKit.DirtyRings.Resetting;

/// <summary>How far a reset has come: what is applied, and the batch that is growing.</summary>
internal struct ResetProgress
{
    /// <summary>The batch that grows. It is in no figure until it is applied.</summary>
    public ResetCoalescer Coalescer;

    private uint _entries;
    private int _batches;
    private int _refused;

    public readonly ResetResult Result => new((int)_entries, _batches, _refused);

    /// <summary>The entries of the batch that is growing stay harvested, for the next reset.</summary>
    public readonly ResetResult Interrupted => Result with { IsInterrupted = true };

    /// <summary>Applies the batch, which holds all entries up to the given count, and says how many of its pages were refused.</summary>
    public uint Apply<TTarget, TPolicy>(ref TTarget target, uint entries)
        where TTarget : struct, allows ref struct
        where TPolicy : struct, IResetPolicy<TTarget>
    {
        uint refused = (uint)BitOperations.PopCount(TPolicy.Apply(ref target, Coalescer.Batch));
        _entries = entries;
        _batches++;
        _refused += (int)refused;
        return refused;
    }
}
