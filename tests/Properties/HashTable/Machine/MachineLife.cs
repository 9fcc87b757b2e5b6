using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Resizing;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.HashTable.Machine;

/// <summary>
/// A machine with a hashed page table and all that happens to it at once, each on a thread of its own: vCPUs, a host that takes pages away and shares them, one that replaces
/// the table, and a harvester.
/// </summary>
internal sealed class MachineLife : IDisposable
{
    private const int Vcpus = 3;
    private const ulong Pages = 528;

    // However busy the processors are: one harvest may take thousands of tlbies, each of which waits until every vCPU had its turn.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly HashTableDirtyLog _log;
    private readonly MemorySlot _slot;
    private readonly CopiedMemory _copy;
    private readonly GuestLife[] _lives;
    private readonly int _seed;
    private int _running = Vcpus;
    private bool _ends;
    private bool _isResized;
    private ulong _paged;
    private int _resizes;
    private int _harvests;
    private int _starts;

    public MachineLife(HashTableOptions options, HashTableLogMethod method, int seed)
    {
        _seed = seed;
        _slot = _memory.AddSlot(0, 0, Pages);
        _copy = new CopiedMemory(_slot);
        _machine = new VirtualMachine(_memory, Vcpus, options);
        _log = new HashTableDirtyLog(_machine, method);
        _lives = [.. _machine.Vcpus.Select(vcpu => new GuestLife(_machine, options.GuestPageSize.ActualShift, vcpu.Id, seed + vcpu.Id))];
    }

    /// <summary>Whether each has done something that the others could meet.</summary>
    private bool HaveMet =>
        _lives.All(life => life.Stores > 100 && life.Hypercalls > 10 && life.PageInits > 1)
        && Volatile.Read(ref _paged) > 0 && Volatile.Read(ref _resizes) > 1 && _harvests > 1 && _copy.Pages > 0;

    private bool IsOver => Volatile.Read(ref _ends) || Volatile.Read(ref _running) < Vcpus;

    /// <summary>Lets them all run for some time, and longer if they have not met by then; then harvests once more, and checks what must hold.</summary>
    public void Run(TimeSpan duration)
    {
        new Crew(duration + Patience + Patience).Run(
        [
            .. _machine.Vcpus.Select(vcpu => ($"vCPU {vcpu.Id}", (Action)(() => RunVcpu(vcpu)))),
            ("host", TakePages),
            ("resizer", Resize),
            ("harvester", () => Harvest(duration)),
        ]);
        _copy.Harvest(_log);
        _copy.Check();
        foreach (GuestLife life in _lives)
            life.Check(_slot);
        ChainInvariant.Check(_machine.HashTable!.Core);
        Assert.True(HaveMet, $"the threads hardly met within {duration + Patience}: {this}");
    }

    public void Dispose()
    {
        _log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
    }

    public override string ToString() =>
        $"stores {string.Join("+", _lives.Select(life => life.Stores))}, hypercalls that changed something {string.Join("+", _lives.Select(life => life.Hypercalls))}, pages"
        + $" zeroed or copied {string.Join("+", _lives.Select(life => life.PageInits))}, {_paged} entries paged out, {_resizes} tables, {_starts} starts,"
        + $" {_harvests} harvests, {_copy.Pages} pages copied";

    private void RunVcpu(Vcpu vcpu)
    {
        try
        {
            while (!Volatile.Read(ref _ends))
            {
                Assert.Equal(VcpuExit.Interrupted, vcpu.Run(ref _lives[vcpu.Id]));
                while (Volatile.Read(ref _isResized))
                    Thread.Yield();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private void TakePages()
    {
        Book3sHv table = _machine.HashTable!;
        int shift = table.Options.PageShift - GuestPage.Shift;
        for (var random = new Random(_seed + Vcpus); !IsOver; Thread.Yield())
        {
            ulong gfn = (ulong)random.Next((int)Pages) >> shift, count = (ulong)random.Next(1, 9);
            switch (random.Next(4))
            {
                case 0:
                    table.Share(gfn, count);
                    break;
                case 1:
                    table.Age(gfn, count);
                    break;
                default:
                    _paged += table.PageOut(gfn, count);
                    break;
            }
        }
    }

    // vCPUs stay outside until the table is replaced; who is about to enter sees that, or the commit finds it inside and is tried again.
    private void Resize()
    {
        Book3sHv table = _machine.HashTable!;
        for (var random = new Random(_seed + Vcpus + 1); !IsOver; Thread.Sleep(50))
        {
            uint order = (uint)random.Next(HptGeometry.MinimumOrder, HptGeometry.MinimumOrder + 3);
            ResizeAnswer answer;
            while ((answer = table.PrepareResize(order)).EstimatedMilliseconds > 0)
                Thread.Sleep(1);
            Assert.Equal(Errno.None, answer.Error);
            try
            {
                Volatile.Write(ref _isResized, true);
                StopVcpus();
                Errno error;
                while ((error = table.CommitResize(order)) == Errno.Busy && !IsOver)
                    Thread.Yield();
                Assert.True(error == Errno.None || (error == Errno.Busy && IsOver), $"the resize answers {error}");
                _resizes += error == Errno.None ? 1 : 0;
            }
            finally
            {
                Volatile.Write(ref _isResized, false);
            }
        }
    }

    private void Harvest(TimeSpan duration)
    {
        var random = new Random(_seed + Vcpus + 2);
        long begin = Environment.TickCount64, end = begin + (long)duration.TotalMilliseconds, lastEnd = end + (long)Patience.TotalMilliseconds;
        try
        {
            Start();
            while (!IsOver && (Environment.TickCount64 < end || (!HaveMet && Environment.TickCount64 < lastEnd)))
            {
                _copy.Harvest(_log);
                _harvests++;
                if (Volatile.Read(ref _isResized))
                    Thread.Sleep(1);
                if (random.Next(64) == 0)
                {
                    _log.Stop();
                    Start();
                }
            }
        }
        finally
        {
            Volatile.Write(ref _ends, true);
            StopVcpus();
        }
    }

    private void Start()
    {
        _log.Start();
        _copy.TakeAll();
        _starts++;
    }

    private void StopVcpus()
    {
        foreach (Vcpu vcpu in _machine.Vcpus)
            vcpu.RequestStop();
    }
}
