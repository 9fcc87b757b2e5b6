using System.Text;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.HashTable.Harvesting;

/// <summary>A random life of a table: entries come, are stored through, and go, and now and then all slots are harvested by one method.</summary>
internal sealed class HarvestLife : IDisposable
{
    private readonly (ulong Base, ulong Pages)[] _slots;
    private readonly HarvestMethod _method;
    private readonly int _places;
    private readonly HashSet<ulong>[] _stored;

    public HarvestLife(HashTableOptions options, (ulong Base, ulong Pages)[] slots, int places, HarvestMethod method)
    {
        _slots = slots;
        _places = places;
        _method = method;
        _stored = [.. slots.Select(_ => new HashSet<ulong>())];
        Rig = new HarvestRig(options, slots);
        Rig.StartLogging(0);
        Rig.StartLogging(2);
    }

    public HarvestRig Rig { get; }

    /// <summary>One step, the same for each method by the same random numbers.</summary>
    /// <returns>The bitmaps, if it was a harvest.</returns>
    public string Step(Random random)
    {
        ulong index = (ulong)random.Next(_places) * 0x155;
        Hpte entry = Rig.Table.Load(index);
        switch (random.Next(12))
        {
            case 0 or 1 or 2 or 3 when !entry.IsPresent:
                Enter(index, random);
                break;
            case < 8 when entry is { IsValid: true, IsWritable: true }:
                Store(index, random.Next(4) == 0);
                break;
            case 8 when entry.IsPresent:
                Leave(index, Rig.Remove);
                break;
            case 9 when entry.IsValid:
                Leave(index, Rig.PageOut);
                break;
            case 10:
                Rig.Core.NotesModifications = random.Next(2) == 0;
                SwitchLog(random.Next(8));
                break;
            case 11:
                return Harvest(vcpusRun: random.Next(2) == 0);
        }

        return "";
    }

    public void Dispose() => Rig.Dispose();

    private void Enter(ulong index, Random random)
    {
        int pageShift = Rig.Core.Options.PageShift;
        HptePageSize size = random.Next(8) switch
        {
            0 => HptePageSize.Large,
            < 4 => HptePageSize.Medium,
            4 => new HptePageSize(12, 16),
            _ => HptePageSize.Small,
        };
        (ulong start, ulong pages) = _slots[random.Next(_slots.Length)];
        ulong span = pages << pageShift;
        if (size.Bytes > span || (size.Bytes > 1UL << pageShift && ((start << pageShift) | span) % size.Bytes != 0))
            size = HptePageSize.Small;

        // Few pages, so that several entries share one.
        ulong address = (start << pageShift) + ((ulong)random.Next(12) * size.Bytes % span);
        ulong protection = random.Next(5) == 0 ? HpteR.PpReadOnly : 2UL;
        ulong r = (address & HpteR.Rpn) | size.Selector | HpteR.Coherent | protection | (random.Next(2) == 0 ? HpteR.ReferencedChanged : 0);
        ulong v = HpteV.Valid | (size == HptePageSize.Small ? 0 : HpteV.Large) | ((ulong)random.Next(1 << 20) << 12) | HpteV.OneTebibyte;
        Rig.Enter(index, v, r);
    }

    private void Store(ulong index, bool late)
    {
        Rig.Store(index, late);
        if (!late)
            Remember(index);
    }

    // Removal fetches C from the processor.
    private void Leave(ulong index, Action<ulong> leave)
    {
        if (Rig.IsPending(index))
            Remember(index);
        leave(index);
    }

    private void Remember(ulong index)
    {
        (int slot, ulong page) = PageOf(index);
        if (Rig.Core.Slots[slot].Logs)
            _stored[slot].Add(page);
    }

    private (int Slot, ulong Page) PageOf(ulong index)
    {
        ulong guestR = Rig.GuestR(index);
        ulong gfn = HptePageSize.Decode(Rig.Table.Load(index).V, guestR)!.Value.Gfn(guestR, Rig.Core.Options.PageShift);
        int slot = Array.FindIndex(_slots, s => gfn - s.Base < s.Pages);
        return (slot, gfn - _slots[slot].Base);
    }

    private void SwitchLog(int choice)
    {
        if (choice > 1)
            return;
        HashSlot<HardwareOrdering> slot = Rig.Core.Slots[1];
        _stored[1].Clear();
        if (slot.Logs)
            slot.StopLogging();
        else
            Rig.StartLogging(1);
    }

    private string Harvest(bool vcpusRun)
    {
        if (!vcpusRun && Rig.Core.Options.HarvestsThoroughly)
        {
            foreach (ulong index in Rig.Pending)
                Remember(index);
        }

        var bitmaps = new StringBuilder(" ");
        for (int i = 0; i < _slots.Length; i++)
        {
            if (!Rig.Core.Slots[i].Logs)
                continue;

            byte[] bitmap = Rig.Get((uint)i, _method, vcpusRun);
            bitmaps.Append(i).Append(':').Append(Convert.ToHexString(bitmap)).Append(' ');
            if (Rig.Core.Options.Era != HashTableEra.FirstRelease)
                Assert.Empty(_stored[i].Except(HarvestRig.PagesOf(bitmap)));
            _stored[i].Clear();
        }

        return bitmaps.ToString();
    }
}
