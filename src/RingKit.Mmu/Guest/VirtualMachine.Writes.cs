using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Writes;

namespace RingKit.Mmu.Guest;

/// <summary>Writes to the guest's memory that no vCPU does: a device's DMA, the host's own. Whatever dirty log the machine has reports them with the vCPUs'.</summary>
public sealed partial class VirtualMachine
{
    /// <summary>Pages that devices have written.</summary>
    internal WritesWithoutVcpu DeviceWrites { get; }

    /// <summary>Pages that the host has written.</summary>
    internal WritesWithoutVcpu HostWrites { get; }

    /// <summary>Whether devices or the host may have written pages that no harvest has taken.</summary>
    internal bool MayHaveWritesWithoutVcpu => DeviceWrites.MayHavePages || HostWrites.MayHavePages;

    /// <summary>
    /// How many pages the vCPUs, and callers of the log without one, have recorded, or null where nobody counts before a harvest: over a hashed table,
    /// over shadow mappings, and where processors log by themselves.
    /// A harvest that begins afterwards has them all.
    /// </summary>
    internal ulong? TryCountRecords()
    {
        if (HashTable is not null || Shadow is not null || Mmu.RecordsPerExit != 0)
            return null;
        ulong records = (DirtyLog as MachineDirtyLog)?.RecordsWithoutVcpu ?? 0;
        foreach (Vcpu vcpu in Vcpus)
            records += vcpu.DirtiedPages;
        return records;
    }

    /// <summary>Stores bytes as a device does by DMA. Any thread, concurrently with vCPUs, other devices and harvests.</summary>
    /// <remarks>
    /// A write that has returned is in the harvest that begins next, if a log is on. One that is under way may be in it, and is in the one after that: before the last
    /// harvest of a migration devices are stopped, as vCPUs are. Not over pages that a guest's vCPU writes at the same time, unless guest and device agree about it:
    /// their bytes mix as they do on hardware.
    /// </remarks>
    /// <param name="gpa">Guest-physical address of the first byte.</param>
    /// <param name="data">Any length; may cross pages, and slots that adjoin.</param>
    /// <returns><see cref="Errno.BadAddress"/> if a byte lies in no slot, in one that was removed, or in one without bytes; then nothing was stored.</returns>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public Errno WriteAsDevice(ulong gpa, ReadOnlySpan<byte> data) => Write(DeviceWrites, gpa, data);

    /// <summary>Stores bytes as the host itself does: a loader, a paravirtual clock. The rest is as in <see cref="WriteAsDevice"/>.</summary>
    /// <param name="gpa">Guest-physical address of the first byte.</param>
    /// <param name="data">Any length; may cross pages, and slots that adjoin.</param>
    /// <returns><see cref="Errno.BadAddress"/> if a byte lies in no slot, in one that was removed, or in one without bytes; then nothing was stored.</returns>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public Errno WriteAsHost(ulong gpa, ReadOnlySpan<byte> data) => Write(HostWrites, gpa, data);

    /// <summary>Records pages that a device has written through <see cref="MemorySlot.Memory"/>. Any thread, after the bytes were stored.</summary>
    /// <param name="slot">A slot of the machine.</param>
    /// <param name="offset">The first page's index inside the slot.</param>
    /// <param name="count">How many pages; 0 does nothing.</param>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot has no such pages; none was recorded.</exception>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public void RecordDeviceWrite(MemorySlot slot, ulong offset, ulong count = 1) => Record(DeviceWrites, slot, offset, count);

    /// <summary>Records pages that the host has written through <see cref="MemorySlot.Memory"/>. Any thread, after the bytes were stored.</summary>
    /// <param name="slot">A slot of the machine.</param>
    /// <param name="offset">The first page's index inside the slot.</param>
    /// <param name="count">How many pages; 0 does nothing.</param>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot has no such pages; none was recorded.</exception>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public void RecordHostWrite(MemorySlot slot, ulong offset, ulong count = 1) => Record(HostWrites, slot, offset, count);

    private void Record(WritesWithoutVcpu writes, MemorySlot slot, ulong offset, ulong count)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentNullException.ThrowIfNull(slot);
        if (Memory.FindById(slot.Id) != slot)
            throw new ArgumentException("The slot is not the machine's.", nameof(slot));
        if (offset >= slot.PageCount)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"The slot has {slot.PageCount} pages.");
        if (count > slot.PageCount - offset)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"The slot has {slot.PageCount - offset} pages from page {offset} on.");
        if (count != 0)
            writes.Record(slot, offset, count);
    }

    // All is looked up before anything is stored: a write happens whole or not at all. A slot that goes in between takes its part too: its bytes stay, and
    // the mark is in a later
    // harvest.
    private Errno Write(WritesWithoutVcpu writes, ulong gpa, ReadOnlySpan<byte> data)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        for (ulong at = 0; at < (ulong)data.Length;)
        {
            int length = LengthInSlot(gpa + at, data.Length - (int)at, out MemorySlot? slot, out _);
            if (slot is null || slot.IsRemoved || gpa + at < gpa)
                return Errno.BadAddress;
            at += (uint)length;
        }

        while (data.Length > 0)
        {
            int length = LengthInSlot(gpa, data.Length, out MemorySlot? slot, out ulong inSlot);
            data[..length].CopyTo(slot!.Memory.Slice((nuint)inSlot, (nuint)length).AsSpan());
            ulong firstPage = inSlot >> GuestPage.Shift, lastPage = (inSlot + (uint)length - 1) >> GuestPage.Shift;
            writes.Record(slot, firstPage, lastPage - firstPage + 1);
            data = data[length..];
            gpa += (uint)length;
        }

        return Errno.None;
    }

    private int LengthInSlot(ulong gpa, int length, out MemorySlot? slot, out ulong inSlot)
    {
        slot = Memory.FindByGfn(gpa >> GuestPage.Shift);
        inSlot = slot is null ? 0 : gpa - (slot.BaseGfn << GuestPage.Shift);
        if (slot is null || slot.Memory.Length <= inSlot)
            slot = null;
        return slot is null ? 0 : (int)Math.Min((ulong)length, slot.Memory.Length - inSlot);
    }
}
