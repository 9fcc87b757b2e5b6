namespace RingKit.Sweeps.Matching;

/// <summary>Candidates, and pairs to look at again.</summary>
internal readonly struct BothClasses : IPairClasses
{
    public static bool LookAgain => true;
}
