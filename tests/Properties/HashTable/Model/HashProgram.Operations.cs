using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Slots;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.HashTable.Model;

/// <summary>The operations, and what must hold at the end.</summary>
internal sealed partial class HashProgram
{
    // A store that meets no end of faults is given up: it did not happen.
    private const int MostFaults = 2;

    private void Store(int self, HashOperation operation)
    {
        var thread = new HashModelThread(this, self);
        int address = operation.Address;
        ref HashVcpu.Translation known = ref _vcpus[self][address];
        for (int faults = 0; !known.IsWritable && !TryTranslate(address, ref known); faults++)
        {
            if (operation.Action == HashAction.Store || faults == MostFaults)
                return;
            Fault(ref thread, address);
            thread.Answer();
        }

        Assert.Equal(PageOf(address), known.Page);
        StoreWord(self, known.Page);
    }

    private void StoreWord(int self, int page)
    {
        int word = (self * Pages) + page;
        O.StoreRelaxed(ref _memory[word], ++_stored[word]);
    }

    // What a processor does on a miss: no step of another thread's comes between the look and C as far as tlbies go, since it answers none.
    private bool TryTranslate(int address, ref HashVcpu.Translation known)
    {
        if (!_core.TryTranslate(AddressOf(address), out ulong index, out Hpte entry) || !entry.IsWritable)
            return false;
        if (!_plan.DelaysChanged)
            _core.Table.SetByHardware(index, HpteR.ReferencedChanged);
        known = new HashVcpu.Translation(IsWritable: true, index, (int)((entry.Rpn - Slot.HostAddress) >> 12), _plan.DelaysChanged);
        return true;
    }

    private void Fault(ref HashModelThread thread, int address)
    {
        FirstLevelFault judged = Judge(ref thread, address, out StorageFault fault);
        if (judged.Outcome == FaultOutcome.HostHandler)
            Assert.NotEqual(PageFaultOutcome.NoHostPage, _core.HandlePageFault(ref thread, fault, judged.Snapshot));
    }

    // The first level is the guest's own time; the second is not, and finds what a resize has made of the table meanwhile.
    private void FaultOutside(ref HashModelThread thread, int address)
    {
        FirstLevelFault judged = Judge(ref thread, address, out StorageFault fault);
        thread.End();
        if (judged.Outcome == FaultOutcome.HostHandler)
            Assert.NotEqual(PageFaultOutcome.NoHostPage, _core.HandlePageFault(ref thread, fault, judged.Snapshot));
    }

    private FirstLevelFault Judge(ref HashModelThread thread, int address, out StorageFault fault)
    {
        Dsisr reason = _core.TryTranslate(AddressOf(address), out _, out Hpte entry) && !entry.IsWritable ? Dsisr.Protection : Dsisr.NoEntry;
        fault = new StorageFault(AddressOf(address), reason | Dsisr.Store);
        return _core.JudgeFault(ref thread, fault);
    }

    private HypercallResult Enter(HashModelThread thread, int address)
    {
        VirtualAddress at = AddressOf(address);
        ulong r = ((ulong)PageOf(address) << 12) | HpteR.ReferencedChanged | HpteR.Coherent | ReadWrite;
        ulong v = HptGeometry.FirstWord(at.Vsid, at.Address, at.BaseShift, at.IsOneTebibyteSegment);
        return _core.Enter(ref thread, HypercallFlags.Exact, IndexOf(address), v, r);
    }

    private void Do(int self, HashOperation operation)
    {
        var thread = new HashModelThread(this, self);
        ulong index = IndexOf(operation.Address);
        VirtualAddress at = AddressOf(operation.Address);
        ulong avpn = HptGeometry.FirstWord(at.Vsid, at.Address, at.BaseShift, at.IsOneTebibyteSegment) & HpteV.Compared;
        switch (operation.Action)
        {
            case HashAction.Fault:
                FaultOutside(ref thread, operation.Address);
                break;
            case HashAction.Remove:
                _results.Add((operation, _core.Remove(ref thread, HypercallFlags.Avpn, index, avpn)));
                break;
            case HashAction.BulkRemove:
                BulkRemove(ref thread, operation.Address);
                break;
            case HashAction.Enter:
                _results.Add((operation, Enter(thread, operation.Address)));
                break;
            case HashAction.Protect:
                _results.Add((operation, _core.Protect(ref thread, HypercallFlags.Avpn | HpteR.PpReadOnly, index, avpn)));
                break;
            case HashAction.ClearModified:
                _core.ClearModified(ref thread, index);
                break;
            case HashAction.ClearReferenced:
                _core.ClearReferenced(ref thread, index);
                break;
            case HashAction.PageInit:
                // The hypercall's own bytes lie where nobody looks.
                int page = PageOf(operation.Address);
                StoreWord(self, page);
                Assert.Equal(HypercallStatus.Success, _core.PageInit(ref thread, HypercallFlags.ZeroPage, (ulong)page << GuestPage.Shift, 0));
                break;
            case HashAction.PageOut:
                _core.PageOut(ref thread, 0);
                break;
            case HashAction.Share:
                _core.Share(ref thread, 0);
                break;
            case HashAction.Age:
                _core.Age(ref thread, 0);
                break;
            case HashAction.Resize:
                thread.AwaitEnds();
                Assert.Equal(Errno.None, _core.CommitResize(ref thread, 0, HptGeometry.MinimumOrder));
                break;
            default:
                _core.StartLogging(ref thread, Slot);
                for (int copied = 0; copied < Pages; copied++)
                    Copy(copied);
                break;
        }
    }

    private void BulkRemove(ref HashModelThread thread, int first)
    {
        const ulong Request = 1UL << 62, End = 3UL << 62;
        Span<ulong> registers = [Request | IndexOf(first), 0, Request | IndexOf(1 - first), 0, End, 0, 0, 0];
        Assert.Equal(HypercallStatus.Success, _core.BulkRemove(ref thread, registers));
    }

    private void Check()
    {
        // Whose processors keep C keep it until this.
        var thread = new LastThread(this);
        var sink = new CopyingSink(this);
        _core.HarvestAll(ref thread, HarvestMethod.Walk, vcpusRun: false, ref sink);
        for (int page = 0; page < Pages; page++)
        {
            for (int writer = 0; writer < ThreadCount; writer++)
                ExpectCopied(writer, page, "the last harvest");
        }

        ChainInvariant.Check(_core);
        CheckHostPages();
        CheckProtection();
    }

    // No entry maps a page that the host has taken away, and none lets a shared one be written.
    private void CheckHostPages()
    {
        uint expected = 0;
        foreach (HashOperation operation in _threads.SelectMany(thread => thread))
        {
            expected |= operation.Action switch
            {
                HashAction.PageOut => HostPages<O>.NotPresent,
                HashAction.Share => HostPages<O>.ReadOnly,
                _ => 0,
            };
        }

        uint state = Slot.Host[0];
        if (!_threads.SelectMany(thread => thread).Any(operation => operation.Action is HashAction.StoreOrFault or HashAction.Fault))
            Assert.Equal(expected, state);
        for (int group = 0; group < 2; group++)
        {
            Hpte entry = _core.Table.Load(IndexOf(group));
            if (!entry.IsValid || (entry.Rpn - Slot.HostAddress) >> 12 != 0)
                continue;
            Assert.True((state & HostPages<O>.NotPresent) == 0, $"entry {group} maps a page that the host has taken away");
            Assert.True((state & HostPages<O>.ReadOnly) == 0 || !entry.IsWritable, $"entry {group} lets a shared page be written");
        }
    }

    // Whoever found the entry before it was removed has its protection in what the removal says.
    private void CheckProtection()
    {
        foreach ((HashOperation operation, HypercallResult removed) in _results)
        {
            if (operation.Action != HashAction.Remove || removed.Status != HypercallStatus.Success)
                continue;
            bool isProtected = _results.Any(other =>
                other.Operation == HashOperation.Protect(operation.Address) && other.Result.Status == HypercallStatus.Success);
            Assert.Equal(isProtected ? HpteR.PpReadOnly : ReadWrite, removed.R5 & HpteR.Pp);
        }
    }

    private readonly struct LastThread(HashProgram program) : IHostThread
    {
        public void Relax() => Assert.Fail("a lock is left behind");

        public void Tlbie(scoped ReadOnlySpan<ulong> indices)
        {
            for (int vcpu = 0; vcpu < program.ThreadCount; vcpu++)
                program.Drop(vcpu, indices);
        }
    }
}
