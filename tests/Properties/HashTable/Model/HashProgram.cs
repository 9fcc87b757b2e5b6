using System.Numerics;
using RingKit.Interleaving;
using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Resizing;
using RingKit.Mmu.HashTable.Slots;
using Xunit;
using static System.FormattableString;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.HashTable.Model;

/// <summary>
/// Threads that store through a hashed page table, enter, remove and protect its entries, page out and harvest, on the model of memory: the real hypervisor's
/// code over two groups of entries and two pages.
/// </summary>
/// <remarks>
/// Addresses 0 and 1 are page 0's, address 2 is page 1's and has its entry where address 0 has its own. Each thread counts in a word of its own in each page,
/// in no order. When all have ended a last harvest copies what is dirty, and the copy must equal the memory. What a thread stored itself, its own
/// harvest must copy.
/// </remarks>
internal sealed partial class HashProgram : IDisposable
{
    public const int Addresses = 3;
    private const int Pages = 2;
    private const ulong ReadWrite = 2;

    // One for all programs: nothing is stored there, the payload has words of its own.
    private static readonly GuestMemory Memory = MakeMemory();

    private readonly HashPlan _plan;
    private readonly HashOperation[][] _threads;
    private readonly HashVcpu[] _vcpus;
    private readonly ulong[] _requests;
    private readonly ulong[] _responses;
    private readonly ulong[] _answers;
    private readonly ulong[] _memory;
    private readonly ulong[] _stored;
    private readonly ulong[] _copied;
    private readonly List<(HashOperation Operation, HypercallResult Result)> _results = [];
    private Book3sHvCore<O> _core = null!;

    // The table that a resize replaces: its words stay where they are until the program ends.
    private HptInfo<O> _first = null!;

    private HashProgram(HashPlan plan, HashOperation[][] threads)
    {
        _plan = plan;
        _threads = threads;
        _vcpus = [.. threads.Select(_ => new HashVcpu())];
        _requests = GC.AllocateArray<ulong>(threads.Length * threads.Length, pinned: true);
        _responses = GC.AllocateArray<ulong>(_requests.Length, pinned: true);
        _answers = new ulong[_requests.Length];
        _memory = GC.AllocateArray<ulong>(threads.Length * Pages, pinned: true);
        _stored = new ulong[_memory.Length];
        _copied = new ulong[_memory.Length];
    }

    public int ThreadCount => _threads.Length;

    private HashSlot<O> Slot => _core.Slots[0];

    /// <summary>A program of threads that each do these operations; one of them, or none, harvests.</summary>
    public static ModelProgram<HashProgram> Of(params HashOperation[][] threads) => Of(HashPlan.Default, threads);

    /// <inheritdoc cref="Of(HashOperation[][])"/>
    public static ModelProgram<HashProgram> Of(HashPlan plan, params HashOperation[][] threads)
    {
        var program = new HashProgram(plan, threads);
        return new ModelProgram<HashProgram>(
            plan + string.Join(" | ", threads.Select(thread => string.Join(", ", thread))),
            program.Begin,
            [.. Enumerable.Range(0, threads.Length).Select(t => (Action<HashProgram>)(p => p.Run(t)))])
        { Finally = p => p.Check() };
    }

    public bool IsVcpu(int thread) => _threads[thread].Any(operation => operation.IsInGuest);

    public bool Invalidates(int thread) => _threads[thread].Any(operation => operation.Action != HashAction.Store);

    public ref ulong Request(int asking, int vcpu) => ref _requests[(asking * ThreadCount) + vcpu];

    public ref ulong Response(int asking, int vcpu) => ref _responses[(asking * ThreadCount) + vcpu];

    public ref ulong LastAnswer(int asking, int vcpu) => ref _answers[(asking * ThreadCount) + vcpu];

    /// <summary>Drops a processor's translations, and sets C that was pending.</summary>
    public void Drop(int vcpu) => SetChanged(_vcpus[vcpu].Drop());

    /// <summary>The same of these entries alone.</summary>
    public void Drop(int vcpu, scoped ReadOnlySpan<ulong> indices)
    {
        foreach (ulong index in indices)
            SetChanged(_vcpus[vcpu].Drop(index));
    }

    public void Dispose()
    {
        if (!ReferenceEquals(_first, _core.Hpt))
            _first.Dispose();
        _core.Dispose();
    }

    private static GuestMemory MakeMemory()
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        return memory;
    }

    private void SetChanged(List<ulong> pending)
    {
        foreach (ulong index in pending)
            _core.Table.SetByHardware(index, HpteR.Changed);
    }

    private static int PageOf(int address) => address / 2;

    // Odd addresses hash to the other group.
    private static ulong IndexOf(int address) => (ulong)(address % 2) * HptGeometry.EntriesPerGroup;

    private static VirtualAddress AddressOf(int address) => new(0, ((ulong)address << 24) | ((ulong)(address % 2) << 12), 12, IsOneTebibyteSegment: false);

    private HashProgram Begin()
    {
        var options = new HashTableOptions { BackingShift = 12, Era = _plan.Era, Defects = _plan.Defects };
        _core = new Book3sHvCore<O>(Memory, options, HptGeometry.TwoGroups) { LogsByFaults = _plan.LogsByFaults };
        _first = _core.Hpt;
        if (_threads.Any(thread => thread.Contains(HashOperation.Resize)))
            PrepareResize();
        foreach (ulong[] words in (ulong[][])[_requests, _responses, _answers, _memory, _stored, _copied])
            Array.Clear(words);
        _results.Clear();
        foreach (HashVcpu vcpu in _vcpus)
            vcpu.Begin();

        Slot.Logs = _plan.Logs;
        for (int address = 0; address < _plan.Entered; address++)
            Assert.Equal(HypercallStatus.Success, Enter(new HashModelThread(this, 0), address).Status);
        if (_plan.IsPagedOut)
        {
            var host = new LastThread(this);
            _core.PageOut(ref host, 0);
        }

        Name();
        return this;
    }

    // A table as small as the first one, whatever order is asked for.
    private void PrepareResize()
    {
        var next = new HptInfo<O>(HptGeometry.TwoGroups, _core.Format, isa30: false);
        _core.MakeTable = _ => next;
        ResizeAnswer answer = default;
        Assert.True(SpinWait.SpinUntil(
            () => (answer = _core.PrepareResize(0, HptGeometry.MinimumOrder)).EstimatedMilliseconds == 0, TimeSpan.FromSeconds(30)));
        Assert.Equal(Errno.None, answer.Error);
    }

    private void Name()
    {
        for (int address = 0; address < 2; address++)
        {
            ref RingKit.Sweeps.WordPair entry = ref _core.Table.View[(nuint)IndexOf(address)];
            Explorer.Name(ref entry.First, Invariant($"V of entry {address}"));
            Explorer.Name(ref entry.Second, Invariant($"R of entry {address}"));
        }

        for (int page = 0; page < Pages; page++)
            Explorer.Name(ref Slot.RmapOf((ulong)page), Invariant($"rmap word of page {page}"));
        for (int i = 0; i < _memory.Length; i++)
            Explorer.Name(ref _memory[i], Invariant($"T{i / Pages}'s word of page {i % Pages}"));
        for (int i = 0; i < _requests.Length; i++)
        {
            Explorer.Name(ref _requests[i], Invariant($"T{i / ThreadCount}'s request to T{i % ThreadCount}"));
            Explorer.Name(ref _responses[i], Invariant($"T{i % ThreadCount}'s answer to T{i / ThreadCount}"));
        }
    }

    private void Run(int self)
    {
        var thread = new HashModelThread(this, self);
        foreach (HashOperation operation in _threads[self])
        {
            thread.Answer();
            if (operation.IsStore)
                Store(self, operation);
            else if (operation.Harvest is { } method)
                Harvest(self, method);
            else
                Do(self, operation);
        }

        thread.End();
    }

    private void Harvest(int self, HarvestMethod method)
    {
        var thread = new HashModelThread(this, self);
        var sink = new CopyingSink(this);
        _core.HarvestAll(ref thread, method, vcpusRun: true, ref sink);
        for (int page = 0; page < Pages && !_plan.DelaysChanged; page++)
            ExpectCopied(self, page, "its own harvest");
    }

    private void Copy(int page)
    {
        for (int writer = 0; writer < ThreadCount; writer++)
            _copied[(writer * Pages) + page] = O.LoadRelaxed(ref _memory[(writer * Pages) + page]);
    }

    private void ExpectCopied(int writer, int page, string when)
    {
        int word = (writer * Pages) + page;
        Assert.True(_copied[word] == _stored[word], $"after {when} the copy of page {page} has {_copied[word]} of T{writer}, not {_stored[word]}");
    }

    private readonly struct CopyingSink(HashProgram program) : IHashSlotSink
    {
        public void Accept(MemorySlot slot, ulong word, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                program.Copy(BitOperations.TrailingZeroCount(mask));
        }
    }
}
