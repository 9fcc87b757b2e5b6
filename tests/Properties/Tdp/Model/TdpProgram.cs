using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Interleaving;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Tdp;
using RingKit.Mmu.Tdp.Hypervisor;
using Xunit;
using static System.FormattableString;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Tdp.Model;

/// <summary>vCPUs that load and store through x86's second level while the host harvests, starts, stops and invalidates, on the model of memory: the real hypervisor and log.</summary>
/// <remarks>
/// The slot is one range of 2M, of which pages 0 and 1 are used. Each vCPU counts in a word of its own in each page, in no order. When all have ended, a last harvest
/// copies what is dirty, and the copy must equal the memory, if the log is on. Every reference of every table is counted anew.
/// </remarks>
internal sealed partial class TdpProgram : IDisposable
{
    public const int Pages = 2;
    private const int MostFaults = 4;

    // One for all programs: nothing is stored there, the payload has words of its own.
    private static readonly GuestMemory Memory = MakeMemory();

    private readonly TdpPlan _plan;
    private readonly TdpOperation[][] _threads;
    private readonly Translation[][] _translations;
    private readonly ulong[] _requests;
    private readonly ulong[] _responses;
    private readonly ulong[] _answers;
    private readonly ulong[] _memory;
    private readonly ulong[] _stored;
    private readonly ulong[] _copied;
    private TdpHvCore<O> _core = null!;
    private TdpVcpuState<O>[] _vcpus = [];
    private MemslotLog<O> _log = null!;

    private TdpProgram(TdpPlan plan, TdpOperation[][] threads)
    {
        _plan = plan;
        _threads = threads;
        _translations = [.. threads.Select(_ => new Translation[Pages])];
        _requests = GC.AllocateArray<ulong>(threads.Length * threads.Length, pinned: true);
        _responses = GC.AllocateArray<ulong>(_requests.Length, pinned: true);
        _answers = new ulong[_requests.Length];
        _memory = GC.AllocateArray<ulong>(threads.Length * Pages, pinned: true);
        _stored = new ulong[_memory.Length];
        _copied = new ulong[_memory.Length];
    }

    public int ThreadCount => _threads.Length;

    public TdpMistake Mistake { get; private set; }

    private TdpSlot<O> Slot => _core.Slots[0];

    /// <summary>A program of threads that each do these operations: vCPUs that load and store, and hosts that do the rest.</summary>
    public static ModelProgram<TdpProgram> Of(TdpPlan plan, params TdpOperation[][] threads)
    {
        var program = new TdpProgram(plan, threads);
        return new ModelProgram<TdpProgram>(
            plan + string.Join(" | ", threads.Select(thread => string.Join(", ", thread))),
            program.Begin,
            [.. Enumerable.Range(0, threads.Length).Select(t => (Action<TdpProgram>)(p => p.Run(t)))])
        { Finally = p => p.Check() };
    }

    public bool IsVcpu(int thread) => _threads[thread].Any(operation => operation.IsAccess);

    public ref ulong Request(int asking, int vcpu) => ref _requests[(asking * ThreadCount) + vcpu];

    public ref ulong Response(int asking, int vcpu) => ref _responses[(asking * ThreadCount) + vcpu];

    public ref ulong LastAnswer(int asking, int vcpu) => ref _answers[(asking * ThreadCount) + vcpu];

    public void Drop(int vcpu) => Array.Clear(_translations[vcpu]);

    public void Mark(ulong page) => _log.Mark(page);

    /// <summary>A vCPU's modification log goes to the slot's.</summary>
    public void Exit(int vcpu)
    {
        var sink = new MarkingSink(this);
        _vcpus[vcpu].Log.Drain(ref sink);
    }

    public void Dispose()
    {
        foreach (TdpVcpuState<O> vcpu in _vcpus)
            vcpu.Dispose();
        _log.Dispose();
        _core.Dispose();
    }

    private static GuestMemory MakeMemory()
    {
        var memory = new GuestMemory();
        memory.AddSlotWithoutBytes(0, 0, 512);
        return memory;
    }

    private TdpProgram Begin()
    {
        foreach (ulong[] words in (ulong[][])[_requests, _responses, _answers, _memory, _stored, _copied])
            Array.Clear(words);
        Array.ForEach(_translations, Array.Clear);
        Mistake = TdpMistake.None;
        _core = new TdpHvCore<O>(Memory, new TdpOptions
        {
            LogMethod = _plan.Method,
            HostLevel = _plan.HasLargePages ? MappingLevel.Size2M : MappingLevel.Size4K,
            SplitsEagerly = _plan.Mapped != TdpMapped.Large,
            MapsReadsWritable = false,
            MaximumTables = 8 + (6 * ThreadCount),
        });
        _log = new MemslotLog<O>(512, new MemslotLogOptions());
        _vcpus = [.. _threads.Select(_ => _core.CreateVcpuState())];
        var thread = new LastThread(this);
        if (_plan.Mapped != TdpMapped.None)
            MapFirst(ref thread);
        if (_plan.Logs)
            StartLog(ref thread);
        foreach (TdpVcpuState<O> vcpu in _vcpus)
            Assert.Equal(Errno.None, vcpu.Cache.TopUp(vcpu.Cache.Capacity));
        Name();
        Mistake = _plan.Mistake;
        return this;
    }

    private void MapFirst(ref LastThread thread)
    {
        Assert.Equal(TdpFaultOutcome.Mapped, _core.HandleFault(ref thread, _vcpus[0], new TdpAccess(0, IsWrite: true)));
        if (_plan.Mapped == TdpMapped.Large)
            return;
        using var cache = new TableCache<O>(_core.Table.Pool, 1);
        Assert.Equal(Errno.None, _core.Table.SplitRange(0, 512, target: 1, cache, out _));
        if (_plan.Mapped == TdpMapped.Remains)
            _core.Table.Zap(0, 512, isPrivate: null, out _, out _);
        else if (!_plan.Logs)
            _core.Table.WriteProtect(0, 512, lowest: 1);
    }

    private void Name()
    {
        for (ulong table = 1; table <= 3; table++)
        {
            for (ulong entry = 0; entry < 2; entry++)
                Explorer.Name(ref _core.Table.Pool.EntryAt(table << 12, entry), Invariant($"entry {entry} of table {table}"));
        }

        for (int i = 0; i < _memory.Length; i++)
            Explorer.Name(ref _memory[i], Invariant($"T{i / Pages}'s word of page {i % Pages}"));
        for (int i = 0; i < _requests.Length; i++)
        {
            Explorer.Name(ref _requests[i], Invariant($"T{i / ThreadCount}'s request to T{i % ThreadCount}"));
            Explorer.Name(ref _responses[i], Invariant($"T{i % ThreadCount}'s answer to T{i / ThreadCount}"));
        }
    }

    private void Check()
    {
        var thread = new LastThread(this);
        if (Slot.Logs)
        {
            Harvest(ref thread);
            Assert.Equal(_stored, _copied);
        }

        CheckTable(0, TdpGeometry.RootLevel);
        Assert.Equal(_core.Table.Pool.CountInUse() + _vcpus.Sum(vcpu => vcpu.Cache.Count), _core.Table.Pool.TakenTables);
    }

    private void CheckTable(ulong table, int level)
    {
        ulong references = 1;
        for (ulong i = 0; i < 512; i++)
        {
            var entry = new Spte(O.LoadRelaxed(ref _core.Table.Pool.EntryAt(table, i)));
            references += entry.Raw == 0 ? 0 : 1u;
            Assert.False(entry.IsFrozen);
            if (entry.IsTableAt(level))
                CheckTable(entry.TableAddress, level - 1);
        }

        Assert.Equal(references, _core.Table.Pool.ReferencesOn(table));
    }

    private record struct Translation(bool IsValid, bool IsWritable);

    private readonly struct MarkingSink(TdpProgram program) : IModificationSink
    {
        public void Accept(ulong gfn)
        {
            if (program.Slot.Logs)
                program.Mark(gfn);
        }
    }

    private readonly struct CopyingSink(TdpProgram program) : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
            {
                int page = (int)firstPage + BitOperations.TrailingZeroCount(mask);
                if (page < Pages)
                    program.Copy(page);
            }
        }
    }

    // Before the threads, and when they have ended.
    private readonly struct LastThread(TdpProgram program) : ITdpThread
    {
        public void Relax() => Assert.Fail("There is nobody to wait for.");

        public void Synchronize() => Flush(0, 0);

        public void Flush(ulong firstGfn, ulong endGfn)
        {
            for (int vcpu = 0; vcpu < program.ThreadCount; vcpu++)
            {
                program.Exit(vcpu);
                program.Drop(vcpu);
            }
        }

        public void MarkDirty(MemorySlot slot, ulong offset) => program.Mark(offset);
    }
}
