using RingKit.Kvm.Native;
using RingKit.Mmu;

namespace RingKit.Kvm;

/// <content>What the guest has written.</content>
public sealed unsafe partial class KvmMachine
{
    // With signals blocked a reset of entries that are harvested makes headway each time. Where so many in a row make none, somebody else has reset them.
    private const int MostIdleResets = 64;

    private readonly Lock _resets = new();

    /// <summary>Fetches a slot's log: KVM_GET_DIRTY_LOG. In automatic mode its pages are taken out and protected, and may be read when it returns.</summary>
    /// <param name="slot">Address space id in bits 16..31, slot id in bits 0..15; any value.</param>
    /// <param name="bitmap">Gets a bit for each page, in whole words; those behind stay as they are.</param>
    /// <returns>
    /// In KVM's order: <see cref="Errno.NoDevice"/> with rings; <see cref="Errno.Invalid"/> for an id out of range; <see cref="Errno.NoEntry"/> if there is
    /// no such slot, or its log is off.
    /// </returns>
    /// <exception cref="ArgumentException">The words are too few for the slot. Nothing was fetched.</exception>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public Errno GetDirtyLog(uint slot, Span<ulong> bitmap)
    {
        lock (_gate)
        {
            CheckWords(bitmap.Length, PagesOf(slot), nameof(bitmap));
            fixed (ulong* words = bitmap)
                return GetDirtyLog(slot, words);
        }
    }

    /// <summary>
    /// Takes pages out of a slot's log and protects those that were in it: KVM_CLEAR_DIRTY_LOG, in manual mode and in automatic. They may be read when it
    /// returns.
    /// </summary>
    /// <param name="slot">Address space id in bits 16..31, slot id in bits 0..15; any value.</param>
    /// <param name="firstPage">A multiple of 64.</param>
    /// <param name="pageCount">A multiple of 64, or as many as there are to the slot's end; may be 0.</param>
    /// <param name="bitmap">Bit 0 stands for <paramref name="firstPage"/>. Bits beyond the slot are ignored.</param>
    /// <returns>
    /// In KVM's order: <see cref="Errno.NoDevice"/> with rings; <see cref="Errno.Invalid"/> for an id out of range, or a first page within a word;
    /// <see cref="Errno.NoEntry"/> if there is no such slot, or its log is off; <see cref="Errno.Invalid"/> for a range that leaves the slot or ends within a
    /// word.
    /// </returns>
    /// <exception cref="ArgumentException">The words are too few for the range. Nothing was cleared.</exception>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public Errno ClearDirtyLog(uint slot, ulong firstPage, uint pageCount, ReadOnlySpan<ulong> bitmap)
    {
        lock (_gate)
        {
            // A range that is larger than its slot KVM refuses before it reads a word.
            CheckWords(bitmap.Length, Math.Min(pageCount, PagesOf(slot)), nameof(bitmap));
            fixed (ulong* words = bitmap)
                return ClearDirtyLog(slot, firstPage, pageCount, words);
        }
    }

    /// <summary>Gives harvested entries of all rings back and protects their pages: one KVM_RESET_DIRTY_RINGS.</summary>
    /// <param name="entries">
    /// How many entries, duplicates included. A signal for the calling thread ends the call early, with fewer, and with 0 too where there are more; the pages
    /// of up to 64 entries that it counts may then not be protected. So block signals: <see cref="ResetDirtyRings(ulong, out int)"/> does.
    /// </param>
    /// <returns><see cref="Errno.Invalid"/> without rings.</returns>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public Errno ResetDirtyRings(out int entries)
    {
        lock (_resets)
        {
            entries = Libc.Ioctl(_file, KvmRequest.ResetDirtyRings, 0);
            if (entries >= 0)
                return Errno.None;
            entries = 0;
            return Libc.LastError;
        }
    }

    /// <summary>
    /// The same, with the thread's signals blocked, and as often as it takes. When it returns without an error, the pages of the entries may be read.
    /// </summary>
    /// <param name="harvested">How many entries were harvested from the rings since the last reset, by all harvesters together.</param>
    /// <param name="calls">How many calls of KVM that took.</param>
    /// <returns>
    /// <see cref="Errno.Invalid"/> without rings; <see cref="Errno.Again"/> if KVM finds fewer: somebody else has reset them, or the harvest has left a gap.
    /// </returns>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public Errno ResetDirtyRings(ulong harvested, out int calls)
    {
        calls = 0;
        lock (_resets)
        {
            using var signals = new BlockedSignals();
            int idle = 0;
            for (ulong sum = 0; sum < harvested;)
            {
                Errno error = ResetDirtyRings(out int entries);
                if (error != Errno.None)
                    return error;
                calls++;
                sum += (uint)entries;
                idle = entries == 0 ? idle + 1 : 0;
                if (idle == MostIdleResets)
                    return Errno.Again;
            }

            return Errno.None;
        }
    }

    /// <summary>KVM_GET_DIRTY_LOG into memory that is any: KVM finds out.</summary>
    internal Errno GetDirtyLog(uint slot, ulong* words)
    {
        var request = new LogRequest { Slot = slot, Bitmap = (ulong)words };
        return Libc.Ioctl(_file, KvmRequest.GetDirtyLog, &request) < 0 ? Libc.LastError : Errno.None;
    }

    /// <summary>KVM_CLEAR_DIRTY_LOG from memory that is any: KVM finds out.</summary>
    internal Errno ClearDirtyLog(uint slot, ulong firstPage, uint pageCount, ulong* words)
    {
        var request = new ClearRequest { Slot = slot, PageCount = pageCount, FirstPage = firstPage, Bitmap = (ulong)words };
        return Libc.Ioctl(_file, KvmRequest.ClearDirtyLog, &request) < 0 ? Libc.LastError : Errno.None;
    }

    private static void CheckWords(int words, ulong pages, string name)
    {
        if ((ulong)words < (pages + 63) / 64)
            throw new ArgumentException($"{pages} pages take {(pages + 63) / 64} words of 64 bits, and there are {words}.", name);
    }

    // struct kvm_dirty_log.
    private struct LogRequest
    {
        public uint Slot;
        public uint Padding;
        public ulong Bitmap;
    }

    // struct kvm_clear_dirty_log.
    private struct ClearRequest
    {
        public uint Slot;
        public uint PageCount;
        public ulong FirstPage;
        public ulong Bitmap;
    }
}
