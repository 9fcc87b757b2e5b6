using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using RingKit.Memory;
using RingKit.Mmu.DirtyLogging;
using RingKit.Ordering;

namespace RingKit.Mmu.Guest.Translation;

/// <summary>The plainest page table: for each slot an array of entries, one a page, filled as the guest touches pages.</summary>
internal sealed class FlatMmu : IMmu
{
    // An entry is the host address of the page, which is page aligned, with these bits. It is 0 until the first access.
    private const ulong Present = 1;
    private const ulong Writable = 2;

    // 512 entries, a page of the table, have a mark in common.
    private const int EntriesPerMark = 512;

    // How a first write, a harvest and the start of logging keep out of each other's way without a lock:
    //   fault:   make the entry writable; then record the page; then store the data.
    //   harvest: take the record; then protect the entry; then invalidate, which waits for every vCPU that is inside a fault.
    //   start:   raise the slot's flag; then protect all; then invalidate.
    // An entry that is writable is thus always followed by its record, and a record that was taken by protection, whichever way they
    // interleave; a page can be recorded once too often, but never be writable and unrecorded when a harvest, or start, has returned.
    // The other order in the fault loses writes: record, [harvest takes it and protects], make writable. Edges E6 and E7.

    private readonly NativeBlock<ulong>[] _tables;

    // Not 0 where an entry was ever made writable: the start of a log need not read the rest, which of a large guest is gigabytes.
    private readonly NativeBlock<byte>[] _everWritable;
    private readonly VirtualMachine _machine;

    // The same memory. Of no length when it is gone.
    private readonly NativeView<ulong>[] _entries;
    private readonly NativeView<byte>[] _marks;

    public FlatMmu(VirtualMachine machine)
    {
        _machine = machine;
        _tables = [.. machine.Memory.Slots.Select(slot => new NativeBlock<ulong>((nuint)slot.PageCount))];
        _everWritable = [.. machine.Memory.Slots.Select(slot => new NativeBlock<byte>((nuint)((slot.PageCount + EntriesPerMark - 1) / EntriesPerMark)))];
        _entries = [.. _tables.Select(table => table.View)];
        _marks = [.. _everWritable.Select(marks => marks.View)];
    }

    public VcpuExit Translate(Vcpu vcpu, ulong page, bool write, out TlbEntry entry, out ulong source)
    {
        entry = default;
        source = 0;
        MemorySlot? slot = _machine.Memory.FindByGfn(page);
        if (slot is null || slot.IsRemoved)
            return VcpuExit.NoMemory;

        ulong offset = page - slot.BaseGfn;
        nuint host = slot.HostAddress(offset << GuestPage.Shift);
        ref ulong pageEntry = ref _entries[slot.Ordinal][(nuint)offset];
        ulong needed = write ? Present | Writable : Present;
        ulong value = HardwareOrdering.LoadAcquire(ref pageEntry);
        if ((value & needed) != needed)
        {
            VcpuExit exit = Fault(vcpu, slot, offset, write, host, ref pageEntry);
            if (exit != VcpuExit.None)
                return exit;

            // The permission of this access alone: a harvest may have protected the entry again already, and is waiting for this vCPU.
            value = needed;
        }

        entry = TlbEntry.For(page, host, writable: (value & Writable) != 0);
        return VcpuExit.None;
    }

    public void WriteBack(ulong source)
    {
        // Nothing is ever pending: an entry is writable before the vCPU remembers it.
    }

    public void WriteProtect(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        NativeView<ulong> table = _entries[slot.Ordinal];
        for (; mask != 0; mask &= mask - 1)
            HardwareOrdering.FetchAndNotAcquire(ref table[(nuint)baseOffset + (nuint)BitOperations.TrailingZeroCount(mask)], Writable);
    }

    // Atomic steps wait for one another, and each for its own miss; what is asked for before comes at once.
    public unsafe void Prefetch(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        if (!Sse.IsSupported || baseOffset >= slot.PageCount)
            return;

        // Invariant: only an address that is asked for, and never read; eight entries have a line in common.
        ulong* entry = _entries[slot.Ordinal].DangerousPointer + baseOffset;
        for (; mask != 0; mask >>= 8, entry += 8)
        {
            if ((byte)mask != 0)
                Sse.Prefetch0(entry + BitOperations.TrailingZeroCount(mask));
        }
    }

    public void WriteProtectAll(MemorySlot slot)
    {
        NativeView<ulong> table = _entries[slot.Ordinal];
        NativeView<byte> marks = _marks[slot.Ordinal];
        for (nuint mark = 0; mark < marks.Length; mark++)
        {
            if (HardwareOrdering.LoadAcquire(ref marks[mark]) == 0)
                continue;
            nuint end = Math.Min((mark + 1) * EntriesPerMark, table.Length);
            for (nuint i = mark * EntriesPerMark; i < end; i++)
            {
                if ((HardwareOrdering.LoadAcquire(ref table[i]) & Writable) != 0)
                    HardwareOrdering.FetchAndNotAcquire(ref table[i], Writable);
            }
        }
    }

    public void TlbsFlushed()
    {
        // The log counts it.
    }

    public void LogStarted(MemorySlot slot)
    {
        // Nothing is larger than a page.
    }

    public void LogStopped(MemorySlot slot)
    {
        // Pages become writable again as they are written.
    }

    public void Dispose()
    {
        Array.Clear(_entries);
        Array.Clear(_marks);
        foreach (NativeBlock<ulong> table in _tables)
            table.Dispose();
        foreach (NativeBlock<byte> marks in _everWritable)
            marks.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private VcpuExit Fault(Vcpu vcpu, MemorySlot slot, ulong offset, bool write, nuint host, ref ulong pageEntry)
    {
        vcpu.CountFault();
        ulong present = host | Present;
        if (!write)
        {
            // Read-only, whether logging is on or not: it might start before the entry is stored.
            HardwareOrdering.FetchOrRelease(ref pageEntry, present);
            return VcpuExit.None;
        }

        // Room first: once the entry is writable another vCPU may store through it, and relies on this one's record.
        IDirtyLog? log = _machine.DirtyLog;
        VcpuExit exit = vcpu.ExitBeforeRecord(log);
        if (exit != VcpuExit.None)
            return exit;

        ref byte mark = ref _marks[slot.Ordinal][(nuint)(offset / EntriesPerMark)];
        if (HardwareOrdering.LoadRelaxed(ref mark) == 0)
            HardwareOrdering.StoreRelaxed(ref mark, 1);
        HardwareOrdering.FetchOrRelease(ref pageEntry, present | Writable);
        HardwareOrdering.FullFence();                                                 // E7: mark and entry, then the flag; the start of logging the other way round
        if (slot.LogsDirtyPages && log is not null)
            vcpu.Record(log, slot, offset);
        return VcpuExit.None;
    }
}
