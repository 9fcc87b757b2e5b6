using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.DirtyLogging.SelfTest;

namespace RingKit.Properties.MigrationEquality;

/// <summary>One migration of a running guest, over one log of one page table, with its trouble: at the end the destination's memory is the guest's.</summary>
internal sealed class EqualityRun : IDisposable
{
    private readonly MigrationTrouble _trouble;
    private readonly Random _random;
    private readonly GuestMemory _memory = Memory();
    private readonly GuestMemory _copy = Memory();
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog _log;
    private readonly GuestWithDevice _guest;
    private readonly PipedDestination _destination;
    private long _breaksAfter = long.MaxValue;

    public EqualityRun(SelfTestCase test, StorePattern pattern, int vcpus, MigrationTrouble trouble, int seed)
    {
        _trouble = trouble;
        _random = new Random(seed);
        _machine = test.MakeMachine(_memory, vcpus);
        _log = test.MakeLog(_machine);
        _guest = new GuestWithDevice(_machine, pattern, test.ChangeFrame, seed);
        _destination = new PipedDestination(_copy, () => Interlocked.Exchange(ref _breaksAfter, NextBreak()));
        Description = $"{test.Name}, {pattern}, {vcpus} vCPUs, {trouble}, seed {seed}";
    }

    public string Description { get; }

    public ulong Stores { get; private set; }

    public int Connections => _destination.Connections;

    public long FullRings { get; private set; }

    /// <summary>Migrates until it is done.</summary>
    /// <returns>What was wrong, or null.</returns>
    public string? Run()
    {
        _guest.Start();
        MigrationResult result = Migrate(isTroubled: true);
        for (int attempts = 0; result.Outcome != MigrationOutcome.Completed; attempts++)
        {
            if (_trouble is MigrationTrouble.None or MigrationTrouble.BrokenStream || attempts == 2)
                return $"ended with {result.Outcome}: {result.Failure}";
            SwitchLog();
            result = Migrate(isTroubled: false);
        }

        // The guest is paused.
        _destination.AwaitEnd();
        for (int vcpu = 0; vcpu < _machine.Vcpus.Length; vcpu++)
            Stores += _guest.StoresOf(vcpu);
        MemoryDifference difference = MemoryVerifier.Compare(_memory, _copy);
        if (!difference.IsEqual)
            return difference.ToString();
        return _destination.IsComplete ? null : "the destination does not know that it is complete";
    }

    public void Dispose()
    {
        _guest.Dispose();
        _destination.Dispose();
        _log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
        _copy.Dispose();
    }

    private static GuestMemory Memory()
    {
        // One whole block of 2 MiB with pieces around it, and counts that are no multiples of 64.
        var memory = new GuestMemory();
        memory.AddSlot(3, 0x1fc, 4 + 512 + 67);
        memory.AddSlot(9, 0x1000, 61);
        return memory;
    }

    private MigrationResult Migrate(bool isTroubled)
    {
        using var cancellation = new CancellationTokenSource();
        if (isTroubled && _trouble == MigrationTrouble.Cancel)
            cancellation.CancelAfter(TimeSpan.FromMilliseconds(_random.Next(30)));
        _breaksAfter = isTroubled && _trouble is MigrationTrouble.BrokenStream or MigrationTrouble.Failure ? _random.Next(3_000_000) : long.MaxValue;
        if (!isTroubled)
            _breaksAfter = long.MaxValue;
        var options = new MigrationOptions
        {
            MaximumRounds = _random.Next(1, 5),
            DowntimeLimit = TimeSpan.FromMilliseconds(_random.Next(3)),
            Retries = _trouble == MigrationTrouble.BrokenStream ? 3 : 0,
            BatchPages = _random.Next(1, 300),
            AcknowledgedPages = _random.Next(1, 1000),
        };
        MigrationResult result = new PreCopyMigration(_machine, _log, _guest, _ => _destination.Connect(), options).Run(cancellation.Token);
        FullRings += result.FullRings;
        return result;
    }

    // Each connection but the last one that is allowed breaks.
    private long NextBreak() => _trouble == MigrationTrouble.BrokenStream && _destination.Connections < 2 ? _random.Next(3_000_000) : long.MaxValue;

    // As somebody else might use it between two migrations, while the guest runs.
    private void SwitchLog()
    {
        for (int times = _random.Next(3); times > 0; times--)
        {
            _log.Start();
            var sink = default(CountingPageSink);
            if (_random.Next(2) == 0)
                _log.Harvest(ref sink);
            if (_random.Next(2) == 0)
                _log.Take().Dispose();
            _log.Stop();
        }
    }
}
