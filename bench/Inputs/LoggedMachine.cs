using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Bench.Inputs;

/// <summary>A machine of one vCPU and one slot, with a log that has started.</summary>
internal sealed class LoggedMachine : IDisposable
{
    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog? _log;

    /// <summary>A machine with the flat page table, or with a stage-2 one.</summary>
    public LoggedMachine(LogKind kind, int pages, Stage2Options? stage2 = null)
    {
        _memory.AddSlot(id: 0, baseGfn: 0, (ulong)pages);
        _machine = stage2 is null ? new VirtualMachine(_memory) : new VirtualMachine(_memory, 1, stage2);
        _log = kind switch
        {
            LogKind.Bitmap => new BitmapDirtyLog(_machine),
            LogKind.Ring => new RingDirtyLog(_machine, ringEntries: 2 * pages),
            _ => null,
        };
        _log?.Start();
    }

    /// <summary>How the time of faults is measured.</summary>
    public FaultTiming FaultTiming
    {
        set => _machine.FaultTiming = value;
    }

    /// <summary>A device writes to the first pages, round and round.</summary>
    public void WriteAsDevice(int pages, int writes, ReadOnlySpan<byte> data)
    {
        for (int i = 0; i < writes; i++)
            _machine.WriteAsDevice((ulong)(i % pages) << GuestPage.Shift, data);
    }

    /// <summary>Runs stores round and round over the first pages.</summary>
    public void Store(int pages, int stores)
    {
        var program = new StoreProgram((ulong)pages, stores);
        VcpuExit exit = _machine.Vcpus[0].Run(ref program);
        if (exit != VcpuExit.Halted)
            throw new InvalidOperationException($"The guest left with {exit}.");
    }

    /// <summary>The host takes all pages away, and gives them back as the guest asks for them. For a stage-2 table.</summary>
    public void Invalidate() => _machine.Stage2!.Invalidate(0, ulong.MaxValue);

    public long Harvest()
    {
        var sink = default(CountingSink);
        _log?.Harvest(ref sink);
        return sink.Pages;
    }

    public void Dispose()
    {
        _log?.Dispose();
        _machine.Dispose();
        _memory.Dispose();
    }

    private struct CountingSink : IDirtyPageSink
    {
        public long Pages { get; private set; }

        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => Pages += (long)ulong.PopCount(mask);
    }
}
