using RingKit.Cli.Machines;
using RingKit.Cli.Migrate.Running;
using RingKit.Cli.Migrate.Workloads;
using RingKit.Cli.Replay;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Migrate;

/// <summary>A guest to be migrated: memory with something in every page, a machine that has mapped it, a dirty log that is stopped.</summary>
internal sealed class SourceGuest : IDisposable
{
    private readonly MigrateSettings _settings;

    public SourceGuest(LogChoice log, MigrateSettings settings)
    {
        _settings = settings;
        Memory = MemoryOf(settings);
        try
        {
            Fill(Memory.Slots[0]);
            Machine = log.MakeMachine(Memory, settings);
            Map();
            Log = log.Make(Machine, settings);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public GuestMemory Memory { get; }

    public VirtualMachine Machine { get; } = null!;

    public IDirtyLog Log { get; } = null!;

    /// <summary>Memory of the guest's layout, all zeros.</summary>
    public static GuestMemory MemoryOf(MigrateSettings settings)
    {
        var memory = new GuestMemory();
        memory.AddSlot(id: 0, baseGfn: 0, settings.MemoryPages);
        return memory;
    }

    /// <summary>Lets the vCPUs store, until that is disposed.</summary>
    /// <param name="throttle">What holds them back, or null.</param>
    public IRunningGuest Start(GuestThrottle? throttle = null)
    {
        (ulong pages, int vcpus, double rate) = (_settings.MemoryPages, _settings.Vcpus, _settings.StoresPerSecond);
        if (_settings.Trace is { } trace)
            return Run(vcpu => trace.SourceOf(vcpu, vcpus));
        return _settings.Pattern switch
        {
            StorePattern.Sequential => Run(vcpu => new SequentialStores(pages, vcpu, vcpus, CounterOf(vcpu))),
            StorePattern.Hot => Run(vcpu => RandomStores.Hot(pages, CounterOf(vcpu))),
            _ => Run(vcpu => RandomStores.Alike(pages, CounterOf(vcpu))),
        };

        GuestThreads<TSource> Run<TSource>(Func<int, TSource> sourceOf)
            where TSource : struct, IStoreSource => new(Machine, rate, sourceOf, throttle?.Vcpus);
    }

    public void Dispose()
    {
        Log?.Dispose();
        Machine?.Dispose();
        Memory.Dispose();
    }

    // Pages of zeros would travel as a mark, and the first round would be none.
    private static void Fill(MemorySlot slot)
    {
        for (ulong page = 0; page < slot.PageCount; page++)
            BitConverter.TryWriteBytes(slot.Memory.Slice((nuint)(page << GuestPage.Shift), sizeof(ulong)).AsSpan(), SplitMix.Mix(page + 1));
    }

    // So that what the vCPUs lose later they lose to the log.
    private void Map()
    {
        var program = new TouchProgram(_settings.MemoryPages);
        VcpuExit exit = Machine.Vcpus[0].Run(ref program);
        if (exit != VcpuExit.Halted)
            throw new InvalidOperationException($"The guest left with {exit} while it mapped its memory.");
    }

    private ulong CounterOf(int vcpu) => SplitMix.CounterOf(_settings.Seed, vcpu);
}
