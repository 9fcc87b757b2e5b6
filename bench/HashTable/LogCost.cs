namespace RingKit.Bench.HashTable;

/// <summary>What one harvest of a slot cost.</summary>
/// <param name="Nanoseconds">The time.</param>
/// <param name="Bytes">Bytes touched.</param>
/// <param name="Tlbies">Entries invalidated.</param>
/// <param name="Allocated">Managed bytes allocated.</param>
internal readonly record struct LogCost(double Nanoseconds, ulong Bytes, ulong Tlbies, long Allocated = 0);
