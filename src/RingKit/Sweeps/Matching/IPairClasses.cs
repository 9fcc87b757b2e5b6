namespace RingKit.Sweeps.Matching;

/// <summary>Which classes a loop is compiled for.</summary>
internal interface IPairClasses
{
    /// <summary>Whether pairs to look at again are looked for beside the candidates; a constant.</summary>
    static abstract bool LookAgain { get; }
}
