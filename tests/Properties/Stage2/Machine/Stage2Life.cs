using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Stage2.Machine;

/// <summary>
/// A machine with a stage-2 table and all that happens to it at once, each on a thread of its own: vCPUs, a host that takes pages away, splits, joins and moves
/// them, and a harvester that stops and starts the log now and then.
/// </summary>
internal sealed class Stage2Life : IDisposable
{
    private const int Vcpus = 3;

    // Two whole blocks, and the end and the beginning of two more.
    private const ulong BaseGfn = 0x40000 - 100;
    private const ulong Pages = 100 + 1024 + 60;

    // However busy the processors are: a host's change waits until every vCPU had its turn.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly WriteProtectingLog _log;
    private readonly MemorySlot _slot;
    private readonly CopiedMemory _copy;
    private readonly Life[] _lives;
    private readonly ulong[] _changes = new ulong[7];
    private readonly int _seed;
    private int _running = Vcpus;
    private bool _ends;
    private int _harvests;
    private int _starts;

    public Stage2Life(Stage2Options options, string log, int seed)
    {
        _seed = seed;
        _slot = _memory.AddSlot(0, BaseGfn, Pages);
        _copy = new CopiedMemory(_slot);
        _machine = new VirtualMachine(_memory, Vcpus, options);
        _log = LogsUnderStress.Make(log, _machine, options.MaskedProtection);
        _lives = [.. _machine.Vcpus.Select(vcpu => new Life(vcpu.Id, seed + vcpu.Id))];
    }

    private Stage2Hv Stage2 => _machine.Stage2!;

    /// <summary>Whether each has done something that the others could meet.</summary>
    private bool HaveMet
    {
        get
        {
            Stage2Statistics statistics = Stage2.Statistics;
            bool haveBlocksGone = (Stage2.Options.EagerSplitChunk == 0 ? statistics.DissolvedBlocks : statistics.SplitBlocks) > 0;
            return _lives.All(life => life.Stores > 100) && _changes.All(count => count > 1) && haveBlocksGone
                && statistics.PermissionFaults > 100 && _harvests > 1 && _starts > 1 && _copy.Pages > 0;
        }
    }

    private bool IsOver => Volatile.Read(ref _ends) || Volatile.Read(ref _running) < Vcpus;

    /// <summary>Lets them all run for some time, and longer if they have not met by then; then harvests once more, and checks what must hold.</summary>
    public void Run(TimeSpan duration)
    {
        new Crew(duration + Patience + Patience).Run(
        [
            .. _machine.Vcpus.Select(vcpu => ($"vCPU {vcpu.Id}", (Action)(() => RunVcpu(vcpu)))),
            ("host", ChangePages),
            ("harvester", () => Harvest(duration)),
        ]);
        _copy.Harvest(_log);
        _copy.Check();
        foreach (Life life in _lives)
            life.Check(_slot);

        Stage2HvCore<HardwareOrdering> core = Stage2.Core;
        ReferenceCounts.Check(core.Table);
        Stage2Statistics statistics = Stage2.Statistics;
        Assert.Equal((ulong)core.Table.Pool.CountInUse(), statistics.TablesTaken - statistics.TablesFreed);
        Assert.Equal(0ul, core.Host.Invalidations.InProgress);
        Assert.Equal(0ul, statistics.Refused);
        Assert.True(HaveMet, $"the threads hardly met within {duration + Patience}: {this}");
    }

    public void Dispose()
    {
        _log.Dispose();
        Stage2HvCore<HardwareOrdering> core = Stage2.Core;
        _machine.Dispose();
        Assert.Equal(0, core.Table.LeakedTables);
        _memory.Dispose();
    }

    public override string ToString()
    {
        Stage2Statistics statistics = Stage2.Statistics;
        return $"stores {string.Join("+", _lives.Select(life => life.Stores))}, host changes {string.Join("+", _changes)}, {statistics.TranslationFaults} translation and"
            + $" {statistics.PermissionFaults} permission faults, {statistics.Retries} retries, {statistics.DissolvedBlocks} blocks dissolved, {statistics.SplitBlocks} split,"
            + $" {statistics.CollapsedTables} tables collapsed, {_starts} starts, {_harvests} harvests, {_copy.Pages} pages copied";
    }

    private void RunVcpu(Vcpu vcpu)
    {
        try
        {
            VcpuExit exit;
            while ((exit = vcpu.Run(ref _lives[vcpu.Id])) == VcpuExit.DirtyRingFull)
                Thread.Yield();
            Assert.Equal(VcpuExit.Interrupted, exit);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private void ChangePages()
    {
        for (var random = new Random(_seed + Vcpus); !IsOver; Thread.Yield())
        {
            ulong gfn = BaseGfn - 5 + (ulong)random.Next((int)Pages + 5), count = (ulong)random.Next(1, random.Next(8) == 0 ? 700 : 9);
            int change = random.Next(_changes.Length);
            switch (change)
            {
                case 0:
                    Stage2.Invalidate(gfn, count);
                    break;
                case 1:
                    Stage2.Age(gfn, count);
                    break;
                case 2:
                    Stage2.SplitHugePages(gfn, count);
                    break;
                case 3:
                    Stage2.CollapseHugePages(gfn, count);
                    break;
                case 4:
                    Stage2.Migrate(gfn, Math.Min(count, 8));
                    break;
                case 5:
                    Stage2.Reclaim(gfn, Math.Min(count, 8));
                    break;
                default:
                    Stage2.Share(gfn, Math.Min(count, 8));
                    break;
            }

            Volatile.Write(ref _changes[change], _changes[change] + 1);
            Stage2Mappings mappings = Stage2.CountMappings();
            Assert.True(mappings.Pages + (512 * mappings.Blocks2M) <= Pages && mappings.Blocks1G == 0, $"more is mapped than there is: {mappings}");
        }
    }

    private void Harvest(TimeSpan duration)
    {
        var random = new Random(_seed + Vcpus + 1);
        long begin = Environment.TickCount64, end = begin + (long)duration.TotalMilliseconds, lastEnd = end + (long)Patience.TotalMilliseconds;
        try
        {
            Start();
            while (!IsOver && (Environment.TickCount64 < end || (!HaveMet && Environment.TickCount64 < lastEnd)))
            {
                _copy.Harvest(_log);
                _harvests++;
                if (random.Next(16) != 0)
                    continue;

                // Blocks come back meanwhile, unless the host has none.
                _log.Stop();
                Stage2.CollapseHugePages(BaseGfn, Pages);
                for (long until = Environment.TickCount64 + 50; Stage2.CountMappings().Blocks2M == 0 && Environment.TickCount64 < until;)
                    Thread.Sleep(1);
                Start();
            }
        }
        finally
        {
            Volatile.Write(ref _ends, true);
            foreach (Vcpu vcpu in _machine.Vcpus)
                vcpu.RequestStop();
        }
    }

    private void Start()
    {
        _log.Start();
        _copy.TakeAll();
        _starts++;
    }

    private readonly struct Life(int id, int seed) : IGuestProgram
    {
        private readonly Random _random = new(seed);
        private readonly CountedWords _words = new(id, BaseGfn, (int)Pages);

        public ulong Stores => _words.Stores;

        public VcpuExit Step(Vcpu vcpu)
        {
            int word = _random.Next(_words.Count);
            return _random.Next(4) == 0 ? _words.Look(vcpu, word) : _words.CountUp(vcpu, word);
        }

        public void Check(MemorySlot slot) => _words.Check(slot);
    }
}
