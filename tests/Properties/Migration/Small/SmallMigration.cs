using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Streams;
using RingKit.Properties.Migration.Streams;

namespace RingKit.Properties.Migration.Small;

/// <summary>
/// A migration in small: 64 pages, a random guest, log, page table and limits, connections that break or corrupt, and cancels, all from one seed and on one
/// thread. Whatever happens,
/// the destination must be equal where the source believes it is, and else the guest must go on with nothing lost.
/// </summary>
internal sealed class SmallMigration : IDisposable
{
    private const int PageCount = 64;

    private readonly ulong _seed;
    private readonly Random _random;
    private readonly SmallMemories _memories;
    private readonly GuestMemory _source;
    private readonly GuestMemory _destination;
    private readonly SmallMachine _kind;
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog _log;
    private readonly SimulatedGuest _guest;
    private readonly FakeClock _clock;
    private readonly List<Loopback> _connections = [];
    private readonly CancellationTokenSource _cancellation = new();
    private readonly int _storesPerTurn;
    private bool _breaks;
    private int _turnsBeforeCancel;

    private SmallMigration(ulong seed, SmallMachine? kind)
    {
        _seed = seed;
        _random = new Random((int)(seed ^ (seed >> 32)));
        _kind = kind ?? SmallMachine.Choose(_random);
        int first = _random.Next(1, PageCount + 1);
        _memories = SmallMemories.Rent(first, PageCount);
        (_source, _destination) = (_memories.Source, _memories.Destination);
        _machine = _kind.MakeMachine(_source, _random.Next(1, 3));
        _log = _kind.MakeLog(_machine);
        _guest = new SimulatedGuest(_machine, seed, hotPages: _random.Next(3) == 0 ? _random.Next(1, first + 1) : 0) { StoresBeforePause = _random.Next(8) };
        _storesPerTurn = _random.Next(1, 12);
        _breaks = _random.Next(3) == 0;
        _turnsBeforeCancel = _random.Next(5) == 0 ? _random.Next(40) : int.MaxValue;
        _clock = new FakeClock { Tick = TimeSpan.FromMicroseconds(_random.Next(1, 200)), Waiting = TakeTurn };
    }

    /// <summary>Runs it.</summary>
    /// <param name="seed">Of everything.</param>
    /// <param name="kind">The machine, or null for a random one.</param>
    /// <returns>How the migration ended, the first time.</returns>
    /// <exception cref="InvalidOperationException">Pages are lost, or the guest is not left as it should be. The message has the seed.</exception>
    public static MigrationOutcome Run(ulong seed, SmallMachine? kind = null)
    {
        using var migration = new SmallMigration(seed, kind);
        return migration.Run();
    }

    public void Dispose()
    {
        _guest.Dispose();
        _log.Dispose();
        _machine.Dispose();
        _memories.Return();
        _cancellation.Dispose();
    }

    private MigrationOutcome Run()
    {
        Fill(_destination);
        _guest.Store(_random.Next(100));
        MigrationOutcome first = Migrate(RandomOptions(), _cancellation.Token);

        // If it did not come to its end: the same guest, the same log and the same destination again, with nothing in the way.
        if (first != MigrationOutcome.Completed)
        {
            _breaks = false;
            _turnsBeforeCancel = int.MaxValue;
            _guest.Store(_random.Next(100));
            MigrationOutcome second = Migrate(new MigrationOptions { Clock = _clock, MaximumRounds = 3, Progress = _ => TakeTurn() }, CancellationToken.None);
            Check(second == MigrationOutcome.Completed, $"the second migration ended with {second}");
        }

        return first;
    }

    private MigrationOutcome Migrate(MigrationOptions options, CancellationToken cancellation)
    {
        _connections.Clear();
        MigrationResult result = new PreCopyMigration(_machine, _log, _guest, Connect, options).Run(cancellation);
        Check(_guest.IsIntact(_source), "the guest's own memory is not what it has stored");
        Check(_machine.Memory.Slots.All(slot => !slot.LogsDirtyPages), "the log was not stopped");
        Check(_guest.IsPaused == (result.Outcome == MigrationOutcome.Completed), $"{result.Outcome}, and the guest is {(_guest.IsPaused ? "" : "not ")}paused");
        Check(_guest.FullRings is null, "the runner still asks for full rings");
        if (result.Outcome == MigrationOutcome.Completed)
        {
            MemoryDifference difference = MemoryVerifier.Compare(_source, _destination);
            Check(difference.IsEqual, difference.ToString());
            Check(_connections[^1].IsComplete, "the destination does not know that it is complete");
        }

        return result.Outcome;
    }

    private MigrationOptions RandomOptions() => new()
    {
        BandwidthLimit = _random.Next(2) == 0 ? null : _random.Next(1, 200) * 1_000_000L,
        DowntimeLimit = TimeSpan.FromMicroseconds(_random.Next(3000)),
        MaximumRounds = _random.Next(1, 8),
        AtMaximumRounds = _random.Next(4) == 0 ? RoundLimitPolicy.GiveUp : RoundLimitPolicy.StopGuest,
        Retries = _random.Next(6),
        RetryDelay = TimeSpan.FromMilliseconds(_random.Next(2)),
        BatchPages = _random.Next(1, 10),
        AcknowledgedPages = _random.Next(1, 100),
        Clock = _clock,
        Progress = _ => TakeTurn(),
    };

    private MigrationConnection Connect(int retry)
    {
        TakeTurn();
        if (_breaks && _random.Next(5) == 0)
            throw new IOException("Nobody is there.");

        // Between the first byte and a little more than everything.
        int trouble = _breaks ? _random.Next(4) : 3;
        int offset = (int)Math.Pow(PageCount * GuestPage.Size, _random.NextDouble());
        var loopback = new Loopback(_destination)
        {
            BreaksAfter = trouble == 0 ? offset : long.MaxValue,
            Corruption = trouble == 1 ? (offset, (byte)(1 << _random.Next(8))) : null,
            CorruptAnswer = trouble == 2 ? (_random.Next(200), (byte)(1 << _random.Next(8))) : null,
            Writing = TakeTurn,
        };
        _connections.Add(loopback);
        return loopback.Connect();
    }

    private void TakeTurn()
    {
        if (--_turnsBeforeCancel == 0)
            _cancellation.Cancel();
        _guest.Store(_storesPerTurn);
    }

    // Whatever the destination had before must not matter.
    private void Fill(GuestMemory memory)
    {
        foreach (MemorySlot slot in memory.Slots)
        {
            for (int page = _random.Next(8); (ulong)page < slot.PageCount; page += _random.Next(1, 16))
                slot.Memory.AsSpan()[(page * GuestPage.Size) + _random.Next(GuestPage.Size)] = 1;
        }
    }

    private void Check(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException($"Migration in small, seed {_seed} ({_kind}): {otherwise}.");
    }
}
