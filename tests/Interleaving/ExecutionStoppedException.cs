namespace RingKit.Interleaving;

/// <summary>Unwinds the threads of an execution that ends before they do. Programs let it pass.</summary>
#pragma warning disable CA1032, CA1064, MA0057 // One instance, thrown and caught inside the library.
internal sealed class ExecutionStoppedException : Exception
{
    public static readonly ExecutionStoppedException Instance = new();
}
#pragma warning restore CA1032, CA1064, MA0057
