using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Migration.Streams;
using RingKit.Mmu.Throttling;
using RingKit.Properties.Migration.Small;
using Xunit;

namespace RingKit.Properties.Migration;

/// <summary>A small machine with a log, two vCPUs that store on threads of their own, and the memory that it is migrated to.</summary>
internal sealed class MigratedGuest : IDisposable
{
    private const ulong PageCount = 600;

    private readonly GuestMemory _source = NewMemory();
    private readonly IDirtyLog _log;
    private VcpuThreads<EndlessStores>? _threads;

    /// <param name="name">One of <see cref="SmallMachine.All"/>.</param>
    public MigratedGuest(string name)
    {
        SmallMachine kind = SmallMachine.All.Single(kind => kind.Name == name);
        Machine = kind.MakeMachine(_source, 2);
        _log = kind.MakeLog(Machine);
    }

    public VirtualMachine Machine { get; }

    public GuestMemory Destination { get; } = NewMemory();

    /// <summary>Lets the vCPUs store.</summary>
    /// <param name="throttle">What holds them back, or null.</param>
    public void Start(VcpuThrottle? throttle = null)
    {
        _threads = new VcpuThreads<EndlessStores>(Machine, vcpu => new EndlessStores(PageCount, vcpu)) { Throttle = throttle };
        _threads.Start();
    }

    /// <summary>Migrates, with the vCPUs storing.</summary>
    /// <param name="connect">Connects to the destination, for the n-th time.</param>
    /// <param name="options">How, or null.</param>
    /// <param name="throttle">The migration's hold on what holds the vCPUs back, or null.</param>
    /// <param name="cancellation">Cancels it.</param>
    public MigrationResult Migrate(
        Func<int, MigrationConnection> connect, MigrationOptions? options = null, IGuestThrottle? throttle = null, CancellationToken? cancellation = null)
    {
        if (_threads is null)
            Start();
        return new PreCopyMigration(Machine, _log, _threads!, connect, options) { Throttle = throttle }.Run(cancellation ?? TestContext.Current.CancellationToken);
    }

    /// <summary>The memories are equal, and the source can go on.</summary>
    public void CheckCompleted(MigrationResult result)
    {
        Assert.Equal(MigrationOutcome.Completed, result.Outcome);
        Assert.True(result.Rounds[^1].IsFinal);
        MemoryDifference difference = MemoryVerifier.Compare(_source, Destination);
        Assert.True(difference.IsEqual, difference.ToString());
        Assert.True(_threads!.ProgramOf(0).Stores > 0);
        _threads.Resume();
        CheckGoesOn();
    }

    /// <summary>The vCPUs store, until they are stopped.</summary>
    public void CheckGoesOn()
    {
        _threads!.Pause();
        ulong before = _threads.ProgramOf(0).Stores;
        _threads.Resume();
        Assert.True(SpinWait.SpinUntil(() => CountStores() > before, TimeSpan.FromSeconds(60)), "The guest does not go on.");
        _threads.Stop();
    }

    public void Dispose()
    {
        _threads?.Dispose();
        _log.Dispose();
        Machine.Dispose();
        _source.Dispose();
        Destination.Dispose();
    }

    private static GuestMemory NewMemory()
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, PageCount);
        memory.AddSlot(1, 1 << 16, 100);
        return memory;
    }

    private ulong CountStores()
    {
        _threads!.Pause();
        ulong stores = _threads.ProgramOf(0).Stores;
        _threads.Resume();
        Thread.Yield();
        return stores;
    }
}
