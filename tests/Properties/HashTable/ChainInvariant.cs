using System.Runtime.InteropServices;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using RingKit.Sweeps;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>
/// What holds of a table whenever nobody is at work on it: no lock is taken; every valid entry is in the chain of its first page and in no other; a chain
/// is a circle both ways, of valid entries; an rmap word says that there is a chain if there is one; and an entry maps the host's page that is behind
/// the guest's.
/// </summary>
internal static class ChainInvariant
{
    /// <summary>Fails the test if something does not hold.</summary>
    public static void Check<TOrdering>(Book3sHvCore<TOrdering> core)
        where TOrdering : struct, IOrdering => Assert.Null(FindViolation(core));

    /// <summary>What does not hold, or null.</summary>
    public static string? FindViolation<TOrdering>(Book3sHvCore<TOrdering> core)
        where TOrdering : struct, IOrdering
    {
        var chained = new Dictionary<uint, ulong>();
        foreach (HashSlot<TOrdering> slot in core.Slots)
        {
            ReadOnlySpan<ulong> rmap = slot.Rmap.AsSpan();
            for (int offset = NextNonZero(rmap, 0); offset < rmap.Length; offset = NextNonZero(rmap, offset + 1))
            {
                if (FindViolation(core, rmap[offset], slot.BaseGfn + (uint)offset, chained) is { } violation)
                    return violation;
            }
        }

        // Words that are 0 need no look.
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<WordPair, ulong>(core.Table.View.AsSpan());
        for (int at = NextNonZero(words, 0); at < words.Length; at = NextNonZero(words, (at | 1) + 1))
        {
            uint index = (uint)at / 2;
            ulong state = core.Table.LoadState(index);
            if ((state & HpteV.HvLock) != 0)
                return $"entry 0x{index:X} is locked";
            if ((state & HpteV.Valid) != 0 && (state & HpteV.Absent) != 0)
                return $"entry 0x{index:X} is both valid and absent";
            if ((state & HpteV.Valid) != 0 && !chained.ContainsKey(index))
                return $"entry 0x{index:X} is valid and in no chain";
        }

        return null;
    }

    private static int NextNonZero(ReadOnlySpan<ulong> words, int from)
    {
        int found = words[from..].IndexOfAnyExcept(0UL);
        return found < 0 ? words.Length : from + found;
    }

    private static string? FindViolation<TOrdering>(Book3sHvCore<TOrdering> core, ulong word, ulong gfn, Dictionary<uint, ulong> chained)
        where TOrdering : struct, IOrdering
    {
        if ((word & core.Format.Lock) != 0)
            return $"the rmap word of gfn 0x{gfn:X} is locked: 0x{word:X}";
        uint head = (uint)(word & RmapFormat.Index);
        if ((word & RmapFormat.Present) == 0)
            return head == 0 ? null : $"the rmap word of gfn 0x{gfn:X} has an index and no chain: 0x{word:X}";

        uint index = head;
        do
        {
            if (!core.Table.IsEntry(index))
                return $"the chain of gfn 0x{gfn:X} leads to 0x{index:X}, which is no entry";
            if (!chained.TryAdd(index, gfn))
                return $"entry 0x{index:X} is in the chain of gfn 0x{gfn:X} and in that of 0x{chained[index]:X}, or twice in one";
            uint next = core.Chains.Next(index);
            if (!core.Table.IsEntry(next) || core.Chains.Previous(next) != index)
                return $"the chain of gfn 0x{gfn:X} goes from 0x{index:X} to 0x{next:X}, and not back";
            Hpte entry = core.Table.Load(index);
            if (!entry.IsValid)
                return $"entry 0x{index:X} in the chain of gfn 0x{gfn:X} is not valid: {entry}";
            ulong guestR = core.Chains.LoadGuestR(index);
            if (FindMismatch(core, entry, guestR) is { } mismatch)
                return $"entry 0x{index:X} in the chain of gfn 0x{gfn:X} {mismatch}";
            if (entry.PageSize!.Value.Gfn(guestR, core.Options.PageShift) is var first && first != gfn)
                return $"entry 0x{index:X} in the chain of gfn 0x{gfn:X} maps from gfn 0x{first:X}";
            index = next;
        }
        while (index != head);

        return null;
    }

    /// <summary>Why a valid entry does not map the page that the guest asked for, or null. Under its lock, or when nobody is at work.</summary>
    public static string? FindMismatch<TOrdering>(Book3sHvCore<TOrdering> core, Hpte entry, ulong guestR)
        where TOrdering : struct, IOrdering
    {
        if (HptePageSize.Decode(entry.V, guestR) is not { } size || entry.PageSize != size)
            return $"is of no page size, or of two: {entry}, and 0x{guestR:X} of the guest";
        if (core.FindSlot(size.Gfn(guestR, core.Options.PageShift)) is not { } slot)
            return $"maps 0x{guestR:X}, where there is no memory";

        ulong address = (guestR & HpteR.Rpn & ~(size.Bytes - 1)) - (slot.BaseGfn << core.Options.PageShift) + slot.HostAddress;
        return (entry.Rpn & ~(size.Bytes - 1)) == address ? null : $"maps the host's 0x{entry.Rpn:X}, and the guest's page is at 0x{address:X}";
    }
}
