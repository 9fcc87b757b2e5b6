using RingKit.Interleaving;
using RingKit.Mmu;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using Xunit;
using static System.FormattableString;
using static RingKit.Properties.Stage2.Stage2Machine;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Stage2.Model;

/// <summary>
/// Threads that access memory through a stage-2 table, fault, unmap, protect, split and collapse, on the model of memory: two levels, three pages.
/// </summary>
/// <remarks>
/// Addresses 0 and 1 are pages of one block, address 2 is a page of the next. Each fault maps a frame of its own, into which it writes before; whoever finds
/// a frame through the table reads that, as payload, and the frame must be one that was mapped at this address. In the end every reference is counted anew.
/// </remarks>
internal sealed partial class TableProgram : IDisposable
{
    public const int Addresses = 3;
    private readonly TablePlan _plan;
    private readonly TableOperation[][] _threads;
    private readonly Translation[][] _translations;
    private readonly ulong[] _requests;
    private readonly ulong[] _responses;
    private readonly ulong[] _answers;
    private readonly ulong[] _contents;
    private readonly int[] _addresses;
    private readonly int[][] _frames;
    private readonly ulong[] _memory;
    private readonly ulong[] _stored;
    private readonly ulong[] _copied;
    private TableCache<O>[] _caches = [];
    private Stage2Core<O> _table = null!;
    private MmuLock<O> _lock = null!;

    private TableProgram(TablePlan plan, TableOperation[][] threads)
    {
        _plan = plan;
        _threads = threads;
        _translations = [.. threads.Select(_ => new Translation[Addresses])];
        _requests = GC.AllocateArray<ulong>(threads.Length * threads.Length, pinned: true);
        _responses = GC.AllocateArray<ulong>(_requests.Length, pinned: true);
        _answers = new ulong[_requests.Length];

        // Frame 0 is there from the start.
        _addresses = [0, .. threads.SelectMany(thread => thread).Where(operation => operation.Maps).Select(operation => operation.Address)];
        int frames = 0;
        _frames = [.. threads.Select(thread => thread.Select(operation => operation.Maps ? ++frames : 0).ToArray())];
        _contents = GC.AllocateArray<ulong>(_addresses.Length, pinned: true);
        _memory = GC.AllocateArray<ulong>(threads.Length * _contents.Length, pinned: true);
        _stored = new ulong[_memory.Length];
        _copied = new ulong[_memory.Length];
    }

    public int ThreadCount => _threads.Length;

    /// <summary>A program of threads that each do these operations.</summary>
    public static ModelProgram<TableProgram> Of(TablePlan plan, params TableOperation[][] threads)
    {
        var program = new TableProgram(plan, threads);
        return new ModelProgram<TableProgram>(
            plan + string.Join(" | ", threads.Select(thread => string.Join(", ", thread))),
            program.Begin,
            [.. Enumerable.Range(0, threads.Length).Select(t => (Action<TableProgram>)(p => p.Run(t)))])
        { Finally = p => p.Check() };
    }

    public bool IsVcpu(int thread) => _threads[thread].Any(operation => operation.IsAccess);

    public bool Invalidates(int thread) => _threads[thread].Any(operation => !operation.IsAccess && operation.Action != TableAction.Refill);

    public ref ulong Request(int asking, int vcpu) => ref _requests[(asking * ThreadCount) + vcpu];

    public ref ulong Response(int asking, int vcpu) => ref _responses[(asking * ThreadCount) + vcpu];

    public ref ulong LastAnswer(int asking, int vcpu) => ref _answers[(asking * ThreadCount) + vcpu];

    /// <summary>Drops a processor's translations.</summary>
    public void Drop(int vcpu) => Array.Clear(_translations[vcpu]);

    public void Dispose()
    {
        foreach (TableCache<O> cache in _caches)
            cache.Dispose();
        _table.Dispose();
        _lock.Dispose();
    }

    private static ulong IpaOf(int address) => address == 2 ? Block : (ulong)address * Page;

    private TableProgram Begin()
    {
        foreach (ulong[] words in (ulong[][])[_requests, _responses, _answers, _contents, _memory, _stored, _copied])
            Array.Clear(words);
        Array.ForEach(_translations, Array.Clear);

        int first = _plan.Mapped is TableAction.Map or TableAction.Split ? 1 : 0;
        _table = new Stage2Core<O>(new Stage2Geometry(Stage2Geometry.MinimumIpaBits), Math.Max(1, (ThreadCount * _plan.Ready) + _plan.Spare + first));
        _lock = new MmuLock<O>();
        _caches = [.. _threads.Select(_ => new TableCache<O>(_table.Pool, Math.Max(1, _plan.Ready)))];
        if (_plan.Mapped is { } mapped)
            MapFirst(mapped);
        for (int t = 0; t < ThreadCount && _plan.Ready != 0; t++)
            Assert.Equal(Errno.None, _caches[t].TopUp(_plan.Ready));
        Name();
        return this;
    }

    private void MapFirst(TableAction mapped)
    {
        var thread = default(QuietThread);
        using var cache = new TableCache<O>(_table.Pool, 1);
        cache.TopUp(1);
        Write(0);
        int level = mapped == TableAction.Map ? 3 : 2;
        Assert.Equal(Errno.None, _table.Map(ref thread, 0, level, OutputOf(0, 0), _plan.IsWritable ? ReadWrite : ReadOnly, cache));
        if (mapped == TableAction.Split)
            Assert.Equal(Errno.None, _table.Split(ref thread, 0, cache));
    }

    private void Name()
    {
        for (ulong block = 0; block < 2; block++)
            Explorer.Name(ref _table.Pool.EntryAt(0, block), Invariant($"entry of block {block}"));
        for (ulong table = 1; table <= (ulong)_table.Pool.MaxTables; table++)
        {
            ulong address = (table + (ulong)_table.Pool.StartPages - 1) * Page;
            for (ulong entry = 0; entry < 2; entry++)
                Explorer.Name(ref _table.Pool.EntryAt(address, entry), Invariant($"entry {entry} of table {table}"));
        }

        for (int i = 0; i < _contents.Length; i++)
            Explorer.Name(ref _contents[i], Invariant($"frame {i}"));
        for (int i = 0; i < _memory.Length; i++)
            Explorer.Name(ref _memory[i], Invariant($"T{i / _contents.Length}'s word of frame {i % _contents.Length}"));
        for (int i = 0; i < _requests.Length; i++)
        {
            Explorer.Name(ref _requests[i], Invariant($"T{i / ThreadCount}'s request to T{i % ThreadCount}"));
            Explorer.Name(ref _responses[i], Invariant($"T{i % ThreadCount}'s answer to T{i / ThreadCount}"));
        }
    }

    private void Run(int self)
    {
        var thread = new TableModelThread(this, self);
        for (int i = 0; i < _threads[self].Length; i++)
        {
            thread.Answer();
            TableOperation operation = _threads[self][i];
            if (operation.IsAccess)
                Access(self, operation);
            else
                Do(self, operation, _frames[self][i]);
        }

        thread.End();
    }

    private void Check()
    {
        ReferenceCounts.Check(_table);
        Assert.Equal(_table.Pool.CountInUse() + _caches.Sum(cache => cache.Count), _table.Pool.TakenTables);
        for (int address = 0; address < Addresses; address++)
        {
            Stage2Walk walk = _table.Walk(IpaOf(address));
            if (walk.IsMapped)
                FrameOf(walk, address);
        }

        CheckProtection();
    }

    // What was copied once the permission was gone is all that there is.
    private void CheckProtection()
    {
        if (!Has(TableAction.Protect) || Has(TableAction.Relax) || Has(TableAction.Map) || Has(TableAction.MapBlock))
            return;
        for (int word = 0; word < _memory.Length; word++)
            Assert.True(_copied[word] == _stored[word], $"T{word / _contents.Length} has stored {_stored[word]} times, and {_copied[word]} before the copy");
    }

    private bool Has(TableAction action) => _threads.Any(thread => thread.Any(operation => operation.Action == action));

    // What a processor knows of an address: a frame, plus 1, and whether it may store.
    private record struct Translation(int Frame, bool IsWritable);
}
