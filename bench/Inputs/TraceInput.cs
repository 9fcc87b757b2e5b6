namespace RingKit.Bench.Inputs;

/// <summary>A trace to replay.</summary>
/// <param name="Path">The file.</param>
public sealed record TraceInput(string Path)
{
    private const string Variable = "RINGKIT_TRACE";

    /// <summary>The trace that is copied beside the program, and the one that the environment names, if it does.</summary>
    public static IReadOnlyList<TraceInput> All { get; } = Find();

    /// <inheritdoc/>
    public override string ToString() => System.IO.Path.GetFileName(Path);

    private static List<TraceInput> Find()
    {
        List<TraceInput> traces = [new(System.IO.Path.Combine(AppContext.BaseDirectory, "data", "traces", "ls.lackey.gz"))];
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path)
            traces.Add(new TraceInput(System.IO.Path.GetFullPath(path)));
        else
            Console.WriteLine($"// {Variable} is unset: the replay of the larger trace is left out.");
        return traces;
    }
}
