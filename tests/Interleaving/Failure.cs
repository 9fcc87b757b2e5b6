namespace RingKit.Interleaving;

/// <summary>An execution that went wrong, and how to see it again.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Message">In words, with the places in the source.</param>
/// <param name="Exception">What the program threw, if that is what is wrong.</param>
public sealed record Failure(FailureKind Kind, string Message, Exception? Exception)
{
    /// <summary>The choices of the execution: <see cref="Explorer.Replay"/> repeats it.</summary>
    public string Replay { get; init; } = "";

    /// <summary>The execution, a line a step.</summary>
    public string Trace { get; init; } = "";

    /// <summary>The seed of this execution in a random exploration.</summary>
    public ulong? Seed { get; init; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Kind}: {Message}\n{Trace}replay: {Replay}{(Seed is { } seed ? $" (seed {seed})" : "")}";
}
