using RingKit.Cli.Machines;
using RingKit.Cli.Migrate.Running;
using RingKit.Cli.Migrate.Workloads;
using RingKit.Cli.Replay;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Migrate;

/// <summary>A simulated guest to be migrated: a machine that has mapped its memory, and a dirty log that is stopped.</summary>
internal sealed class SourceGuest : ISourceGuest
{
    private readonly ulong _pages;

    /// <param name="memory">The guest's memory; its owner disposes it later.</param>
    /// <param name="log">The log, and the page table that it fits.</param>
    /// <param name="settings">How both are made.</param>
    public SourceGuest(GuestMemory memory, LogChoice log, MachineSettings settings)
    {
        _pages = memory.Slots[0].PageCount;
        Machine = log.MakeMachine(memory, settings);
        try
        {
            Map();
            Log = log.Make(Machine, settings);
        }
        catch
        {
            Machine.Dispose();
            throw;
        }
    }

    public VirtualMachine Machine { get; }

    public IDirtyLog Log { get; }

    public VcpuStalls Stalls => Machine.Stalls;

    /// <inheritdoc/>
    public IRunningGuest Start(MigrateSettings settings, GuestThrottle? throttle = null)
    {
        int vcpus = Machine.Vcpus.Length;
        if (settings.Trace is { } trace)
            return Run(vcpu => TraceStoreSource.Of(trace, vcpu, vcpus));
        return settings.Pattern switch
        {
            StorePattern.Sequential => Run(vcpu => new SequentialStores(_pages, vcpu, vcpus, CounterOf(vcpu))),
            StorePattern.Hot => Run(vcpu => RandomStores.Hot(_pages, CounterOf(vcpu))),
            _ => Run(vcpu => RandomStores.Alike(_pages, CounterOf(vcpu))),
        };

        GuestThreads<TSource> Run<TSource>(Func<int, TSource> sourceOf)
            where TSource : struct, IStoreSource => new(Machine, settings.StoresPerSecond, sourceOf, throttle?.Vcpus);

        ulong CounterOf(int vcpu) => SplitMix.CounterOf(settings.Seed, vcpu);
    }

    public void Dispose()
    {
        Log.Dispose();
        Machine.Dispose();
    }

    // So that what the vCPUs lose later they lose to the log.
    private void Map()
    {
        var program = new TouchProgram(_pages);
        VcpuExit exit = Machine.Vcpus[0].Run(ref program);
        if (exit != VcpuExit.Halted)
            throw new InvalidOperationException($"The guest left with {exit} while it mapped its memory.");
    }
}
