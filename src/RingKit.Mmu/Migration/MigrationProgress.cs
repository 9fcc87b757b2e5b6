namespace RingKit.Mmu.Migration;

/// <summary>Where a migration is.</summary>
/// <param name="Round">The round that is on, from 1.</param>
/// <param name="PagesSent">Pages sent in it.</param>
/// <param name="PagesLeft">Pages that are known to be left in it.</param>
/// <param name="BytesSent">Bytes written to streams since the start.</param>
/// <param name="Elapsed">Time since the start.</param>
/// <param name="Completed">The round's figures, where it is this call that reports its end.</param>
public readonly record struct MigrationProgress(int Round, long PagesSent, long PagesLeft, long BytesSent, TimeSpan Elapsed, MigrationRound? Completed);
