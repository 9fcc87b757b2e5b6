using System.Diagnostics;
using RingKit.Cli.Migrate.Running;
using RingKit.Mmu.Migration;

namespace RingKit.Cli.Migrate;

/// <summary>Writes down what the guest stored in each round of its migration.</summary>
/// <param name="guest">The guest.</param>
/// <param name="progress">Who else wants to know.</param>
internal sealed class RoundRecorder(IRunningGuest guest, Action<MigrationProgress>? progress)
{
    private readonly List<RoundFigures> _rounds = [];
    private ulong _stores = guest.Stores;
    private long _time = Stopwatch.GetTimestamp();

    /// <summary>The rounds that have ended.</summary>
    public IReadOnlyList<RoundFigures> Rounds => _rounds;

    /// <summary>The migration's thread.</summary>
    public void Enter(MigrationProgress now)
    {
        if (now.Completed is { } round)
        {
            (ulong stores, long time) = (guest.Stores, Stopwatch.GetTimestamp());
            double seconds = Stopwatch.GetElapsedTime(_time, time).TotalSeconds;
            _rounds.Add(new RoundFigures(round, round.IsFinal || seconds == 0 ? 0 : (stores - _stores) / seconds));
            (_stores, _time) = (stores, time);
        }

        progress?.Invoke(now);
    }
}
