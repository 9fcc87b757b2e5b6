using System.Numerics;
using RingKit.Memory;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Slots;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>The dirty log that does without C: entries are read-only until the first store faults.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    // Every entry in a chain that can be written has all its pages marked in the slot's record, or a harvest has taken the marks and has the chain
    // still before it. For an entry is made writable under the rmap word's lock, after a look at the marks there, and the harvest takes the marks before it takes
    // that lock.

    private static ReadOnlySpan<byte> LargeShifts => [16, 24, 34];

    private readonly NativeView<uint> _logsByFaults = new NativeBlock<uint>(1).View;

    /// <summary>Whether the slots that are logged are logged by protection faults, not by C. Set while no slot is; the start of a log takes the lock of each rmap word after it (E46).</summary>
    public bool LogsByFaults
    {
        get => TOrdering.LoadRelaxed(ref _logsByFaults[0]) != 0;
        set => TOrdering.StoreRelaxed(ref _logsByFaults[0], value ? 1u : 0);
    }

    /// <summary>
    /// The protection with which an entry goes into the table: the guest's, which the reverse map keeps anyhow, or that of a read-only page until a
    /// store was recorded. Under the entry's lock and that of the rmap word of its first page.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="offset">The entry's first page.</param>
    /// <param name="pageSize">The entry's page size.</param>
    /// <param name="r">R for the table, of a page that the host lets be written or not.</param>
    internal ulong InstallProtection(HashSlot<TOrdering> slot, ulong offset, HptePageSize pageSize, ulong r) =>
        LogsByFaults && slot.Logs && new Hpte(0, r).IsWritable && !slot.Changed.Holds(offset, pageSize.HostPages(Options.PageShift))
            ? Hpte.MakeReadOnly(r)
            : r;

    /// <summary>
    /// Records a store that faulted, before <see cref="InstallProtection"/> decides what the entry becomes: then it lets the store through, unless a
    /// harvest comes between, and the store faults again.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="offset">The entry's first page.</param>
    /// <param name="pageSize">The entry's page size.</param>
    internal void RecordWrite(HashSlot<TOrdering> slot, ulong offset, HptePageSize pageSize)
    {
        if (LogsByFaults && slot.Logs)
            slot.Changed.Mark(offset, pageSize.HostPages(Options.PageShift));
    }

    /// <summary>
    /// Makes all entries of a slot read-only, at the start of its log. Stores that fault meanwhile stay in the record: their entries can be written again, and
    /// only a harvest that takes the record protects them.
    /// </summary>
    private void ProtectAll<TThread>(ref TThread thread, HashSlot<TOrdering> slot, ref HarvestTally tally)
        where TThread : struct, IHostThread, allows ref struct
    {
        for (ulong offset = 0; offset < slot.PageCount; offset++)
            TestAndClear(ref thread, slot, offset, EntryRule.Writable, ref tally);
    }

    /// <summary>Takes the record of a slot, and makes read-only what maps the pages in it.</summary>
    private void TakeAndProtect<TThread, TSink>(ref TThread thread, HashSlot<TOrdering> slot, ref TSink sink, ref HarvestTally tally)
        where TThread : struct, IHostThread, allows ref struct
        where TSink : struct, IHashSlotSink, allows ref struct
    {
        tally.BytesScanned += slot.WordCount * sizeof(ulong);
        for (ulong word = 0; word < slot.WordCount; word++)
        {
            ulong mask = slot.Changed.Take(word);
            if (mask == 0)
                continue;

            ProtectLarge(ref thread, slot, word, mask, ref tally);
            for (ulong left = mask; left != 0; left &= left - 1)
                TestAndClear(ref thread, slot, (word * GroupPages) + (uint)BitOperations.TrailingZeroCount(left), EntryRule.Writable, ref tally);
            slot.Changed.HandOver(slot.Memory, word, mask, ref sink);
        }
    }

    /// <summary>A page may be mapped by a large one, whose entry is in the chain of its first page.</summary>
    private void ProtectLarge<TThread>(ref TThread thread, HashSlot<TOrdering> slot, ulong word, ulong mask, ref HarvestTally tally)
        where TThread : struct, IHostThread, allows ref struct
    {
        foreach (byte shift in LargeShifts)
        {
            if (shift <= Options.PageShift)
                continue;

            ulong pages = 1UL << (shift - Options.PageShift);
            ulong previous = ulong.MaxValue;
            for (ulong left = mask; left != 0; left &= left - 1)
            {
                ulong gfn = slot.BaseGfn + (word * GroupPages) + (uint)BitOperations.TrailingZeroCount(left);
                ulong first = gfn & ~(pages - 1);
                if (first != previous && first != gfn && slot.Holds(first))
                    TestAndClear(ref thread, slot, first - slot.BaseGfn, EntryRule.Writable, ref tally);
                previous = first;
            }
        }
    }
}
