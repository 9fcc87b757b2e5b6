using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.HashTable.Harvesting;

/// <summary>A table with slots, whose entries are put in, stored through and taken out by hand.</summary>
internal sealed class HarvestRig : IDisposable
{
    private readonly GuestMemory _memory = new();
    private readonly Dictionary<ulong, ulong> _pending = [];
    private int _spins;

    /// <param name="options">The table's.</param>
    /// <param name="slots">First page and number of pages of each slot, pages of the host.</param>
    public HarvestRig(HashTableOptions options, params (ulong Base, ulong Pages)[] slots)
    {
        int extra = options.PageShift - GuestPage.Shift;
        for (int i = 0; i < slots.Length; i++)
            _memory.AddSlot((ushort)i, slots[i].Base << extra, slots[i].Pages << extra);
        Core = new Book3sHvCore<HardwareOrdering>(_memory, options);
    }

    public Book3sHvCore<HardwareOrdering> Core { get; }

    /// <summary>What another thread does while this one waits; without it a wait fails the test.</summary>
    public Action? WhenWaiting { get; set; }

    public HarvestStatistics LastCost { get; private set; }

    public int Tlbies { get; private set; }

    /// <summary>Entries whose C a processor keeps.</summary>
    public IEnumerable<ulong> Pending => _pending.Keys;

    public HptCore<HardwareOrdering> Table => Core.Table;

    public ref ulong Rmap(ulong gfn)
    {
        HashSlot<HardwareOrdering> slot = Core.FindSlot(gfn)!;
        return ref slot.RmapOf(gfn - slot.BaseGfn);
    }

    public ulong GuestR(ulong index) => Core.Chains.LoadGuestR(index);

    /// <summary>What H_ENTER does with a page that the host has.</summary>
    public void Enter(ulong index, ulong v, ulong r)
    {
        var thread = new Thread(this);
        Assert.False(Table.Lock(index, ref thread).IsPresent);
        HptePageSize size = HptePageSize.Decode(v, r)!.Value;
        ulong gfn = size.Gfn(r, Core.Options.PageShift);
        HashSlot<HardwareOrdering> slot = Core.FindSlot(gfn)!;
        Core.Chains.StoreGuestR(index, r | (Core.NotesModifications ? HpteR.Modified : 0));

        ulong offset = gfn - slot.BaseGfn;
        ref ulong rmap = ref slot.RmapOf(offset);
        ulong word = Core.Chains.Lock(ref rmap, ref thread);
        bool first = (word & RmapFormat.Present) == 0;
        word = Core.Chains.Add(word, (uint)index);
        if (first && Core.Options.Era == HashTableEra.FirstRelease)
            word = RmapFormat.Referenced | RmapFormat.Present | index;
        ulong kept = (word >> RmapFormat.ReferencedChangedShift) | ~HpteR.ReferencedChanged;
        ulong real = Core.InstallProtection(slot, offset, size, r & kept);
        Core.Chains.Unlock(ref rmap, word);

        ulong address = slot.HostAddress + (offset << Core.Options.PageShift);
        real = (real & (HpteR.Key | HpteR.Pp0 | (size.Bytes - 1))) | address;
        Table.StoreR(index, new Hpte(v, real));
        Table.Unlock(index, v);
    }

    /// <summary>A processor's store.</summary>
    /// <param name="index">The entry that it goes through.</param>
    /// <param name="late">Whether C stays in the processor until a tlbie.</param>
    public void Store(ulong index, bool late = false)
    {
        if (late)
            _pending[index] = HpteR.ReferencedChanged;
        else
            Table.SetByHardware(index, HpteR.ReferencedChanged);
    }

    /// <summary>The guest's store to a page that it may write, the fault on a read-only entry included.</summary>
    /// <returns>Whether it faulted.</returns>
    public bool StoreWithFault(ulong index)
    {
        bool faults = !Table.Load(index).IsWritable;
        if (faults)
            Mend(index);
        Assert.True(Table.Load(index).IsWritable);
        Store(index);
        return faults;
    }

    public bool IsPending(ulong index) => _pending.ContainsKey(index);

    /// <summary>What H_REMOVE does with an entry that is there.</summary>
    public void Remove(ulong index)
    {
        var thread = new Thread(this);
        Hpte entry = Table.Lock(index, ref thread);
        RemoveLocked(index, entry);
    }

    /// <summary>The same for an entry that the caller has locked.</summary>
    public void RemoveLocked(ulong index, Hpte entry)
    {
        var thread = new Thread(this);
        if (entry.IsValid)
        {
            ulong r = Core.Invalidate(ref thread, index, entry.V & ~HpteV.Valid);
            Core.RemoveFromChain(ref thread, index, entry.PageSize!.Value, r);
        }

        Table.Unlock(index, 0);
    }

    /// <summary>What the host does with an entry whose page it takes away.</summary>
    public void PageOut(ulong index)
    {
        var thread = new Thread(this);
        Hpte entry = Table.Lock(index, ref thread);
        ulong absent = (entry.V & ~HpteV.Valid) | HpteV.Absent;
        if (entry.IsValid)
        {
            ulong r = Core.Invalidate(ref thread, index, absent);
            Table.StoreR(index, new Hpte(entry.V, r & ~HpteR.Key));
            Core.RemoveFromChain(ref thread, index, entry.PageSize!.Value, r);
        }

        Table.Unlock(index, entry.IsValid ? absent : entry.V);
    }

    /// <summary>What H_CLEAR_MOD does with a valid entry.</summary>
    public void ClearMod(ulong index)
    {
        var thread = new Thread(this);
        Hpte entry = Table.Lock(index, ref thread);
        Core.Chains.StoreGuestR(index, Core.Chains.LoadGuestR(index) & ~HpteR.Changed);
        ulong r = Core.Invalidate(ref thread, index, (entry.V & ~HpteV.Valid) | HpteV.Absent);
        if ((r & HpteR.Changed) != 0)
        {
            Table.StoreR(index, new Hpte(entry.V, r & ~HpteR.Changed));
            HptePageSize size = entry.PageSize!.Value;
            ulong gfn = size.Gfn(Core.Chains.LoadGuestR(index), Core.Options.PageShift);
            HashSlot<HardwareOrdering> slot = Core.FindSlot(gfn)!;
            ref ulong rmap = ref slot.RmapOf(gfn - slot.BaseGfn);
            ulong word = Core.Chains.Lock(ref rmap, ref thread);
            if (Core.Options.Era == HashTableEra.Current)
                slot.MarkChanged(gfn - slot.BaseGfn, size.HostPages(Core.Options.PageShift));
            else
                word |= RmapFormat.Changed;
            if (Core.Format.KeepsOrder)
                word = RmapFormat.WithChangedShift(word, size.ActualShift);
            Core.Chains.Unlock(ref rmap, word);
        }

        Table.Unlock(index, entry.V);
    }

    /// <summary>GET, which succeeds.</summary>
    /// <returns>The bitmap.</returns>
    public byte[] Get(uint slotId, HarvestMethod method, bool vcpusRun = true)
    {
        byte[] bitmap = new byte[Core.FindSlotById(slotId)!.WordCount * sizeof(ulong)];
        var thread = new Thread(this);
        Assert.Equal(Errno.None, Core.GetDirtyLog(ref thread, slotId, bitmap, method, vcpusRun, out HarvestStatistics cost));
        LastCost = cost;
        return bitmap;
    }

    /// <summary>GET, whose pages are these.</summary>
    public void Expect(uint slotId, HarvestMethod method, ulong[] pages, bool vcpusRun = true) =>
        Assert.Equal(pages, PagesOf(Get(slotId, method, vcpusRun)));

    public void StartLogging(uint slotId)
    {
        var thread = new Thread(this);
        Core.StartLogging(ref thread, Core.FindSlotById(slotId)!);
    }

    public static ulong[] PagesOf(byte[] bitmap) =>
        [.. Enumerable.Range(0, bitmap.Length * 8).Where(page => (bitmap[page / 8] >> (page % 8) & 1) != 0).Select(page => (ulong)page)];

    public void Dispose()
    {
        Core.Dispose();
        _memory.Dispose();
    }

    private void Mend(ulong index)
    {
        var thread = new Thread(this);
        Hpte entry = Table.Lock(index, ref thread);
        ulong guestR = Core.Chains.LoadGuestR(index);
        HptePageSize size = HptePageSize.Decode(entry.V, guestR)!.Value;
        ulong gfn = size.Gfn(guestR, Core.Options.PageShift);
        HashSlot<HardwareOrdering> slot = Core.FindSlot(gfn)!;
        ulong offset = gfn - slot.BaseGfn;
        ref ulong rmap = ref slot.RmapOf(offset);
        ulong word = Core.Chains.Lock(ref rmap, ref thread);
        Core.RecordWrite(slot, offset, size);
        ulong protection = Core.InstallProtection(slot, offset, size, guestR) & HpteR.Protection;
        Core.Chains.Unlock(ref rmap, word);
        ulong r = Core.Invalidate(ref thread, index, (entry.V & ~HpteV.Valid) | HpteV.Absent);
        Table.StoreR(index, new Hpte(entry.V, (r & ~HpteR.Protection) | protection));
        Table.Unlock(index, entry.V);
    }

    /// <summary>A thread of the host, whose tlbies bring late C.</summary>
    internal readonly struct Thread(HarvestRig rig) : IHostThread
    {
        public void Relax()
        {
            Assert.True(rig.WhenWaiting is not null && rig._spins++ < 1_000_000, "A thread waits for a lock that nobody lets go of.");
            rig.WhenWaiting();
        }

        public void Tlbie(scoped ReadOnlySpan<ulong> indices)
        {
            foreach (ulong index in indices)
            {
                rig.Tlbies++;
                Assert.True(rig.Table.Load(index) is { IsLocked: true, IsValid: false }, "A tlbie comes for a locked entry that is not valid.");
                if (rig._pending.Remove(index, out ulong bits))
                    rig.Table.SetByHardware(index, bits);
            }
        }
    }
}
