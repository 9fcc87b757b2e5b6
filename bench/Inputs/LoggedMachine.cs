using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Bench.Inputs;

/// <summary>A machine of one vCPU and one slot, with a log that has started.</summary>
internal sealed class LoggedMachine : IDisposable
{
    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog? _log;

    public LoggedMachine(LogKind kind, int pages)
    {
        _memory.AddSlot(id: 0, baseGfn: 0, (ulong)pages);
        _machine = new VirtualMachine(_memory);
        _log = kind switch
        {
            LogKind.Bitmap => new BitmapDirtyLog(_machine),
            LogKind.Ring => new RingDirtyLog(_machine, ringEntries: 2 * pages),
            _ => null,
        };
        _log?.Start();
    }

    /// <summary>Runs stores round and round over the first pages.</summary>
    public void Store(int pages, int stores)
    {
        var program = new StoreProgram((ulong)pages, stores);
        VcpuExit exit = _machine.Vcpus[0].Run(ref program);
        if (exit != VcpuExit.Halted)
            throw new InvalidOperationException($"The guest left with {exit}.");
    }

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
