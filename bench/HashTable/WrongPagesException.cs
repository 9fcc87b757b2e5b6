namespace RingKit.Bench.HashTable;

/// <summary>A log reported other pages than those that were dirty, or allocated memory.</summary>
internal sealed class WrongPagesException(string message) : Exception(message);
