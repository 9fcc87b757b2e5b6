namespace RingKit.Interleaving;

/// <summary>What became of one mutant.</summary>
/// <param name="Mutant">The weakened site.</param>
/// <param name="KilledBy">The program that failed with it; null if none did: it survived.</param>
/// <param name="Failure">How that one failed.</param>
/// <param name="Executions">The executions that it took, in all programs that meet the site.</param>
public sealed record MutantVerdict(Mutant Mutant, string? KilledBy, Failure? Failure, long Executions)
{
    /// <summary>Whether a program failed with it.</summary>
    public bool IsKilled => KilledBy is not null;

    /// <inheritdoc/>
    public override string ToString() => IsKilled
        ? $"killed    {Mutant}: {Failure!.Kind} in '{KilledBy}', executions {Executions}"
        : $"SURVIVED  {Mutant}: executions {Executions}";
}
