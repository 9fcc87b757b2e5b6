using System.Buffers.Binary;
using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Cores;
using RingKit.Bitmaps.Operations;

namespace RingKit.Mmu.DirtyLogging.Memslots;

/// <summary>KVM_CLEAR_DIRTY_LOG.</summary>
internal sealed partial class MemslotLog<TOrdering>
{
    /// <summary>Takes pages out of the log and protects those of them that were in it. Automatic mode does not forbid it.</summary>
    /// <param name="protection">The slot's.</param>
    /// <param name="firstPage">A multiple of 64.</param>
    /// <param name="pageCount">A multiple of 64, or as many as there are to the slot's end; 0 does nothing.</param>
    /// <param name="bitmap">KVM's bytes: bit 0 stands for <paramref name="firstPage"/>. Bits beyond the slot are ignored.</param>
    /// <returns>
    /// In KVM's order: <see cref="Errno.Invalid"/> for a first page within a word; <see cref="Errno.NoEntry"/> if the log is off; <see cref="Errno.Invalid"/> for a
    /// range that leaves the slot or ends within a word; <see cref="Errno.BadAddress"/> if the bytes are too few. Nothing has changed then.
    /// </returns>
    public Errno Clear<TProtection>(ref TProtection protection, ulong firstPage, uint pageCount, ReadOnlySpan<byte> bitmap)
        where TProtection : struct, IMemslotProtection, allows ref struct
    {
        if (firstPage % 64 != 0)
            return Errno.Invalid;
        if (!IsOn)
            return Errno.NoEntry;
        if (firstPage > Pages || pageCount > Pages - firstPage || (pageCount % 64 != 0 && pageCount != Pages - firstPage))
            return Errno.Invalid;

        protection.Sync();
        ulong words = DirtyBitmapCore<TOrdering>.WordsFor(pageCount);
        if ((ulong)bitmap.Length < KvmBitmap.ByteLength(pageCount))
            return Errno.BadAddress;

        Fill();
        bool hasTaken = false;
        protection.Enter();
        try
        {
            // Each word is read once: the bytes may be another party's.
            for (int i = 0; i < (int)words; i++)
                hasTaken |= ClearWord(ref protection, firstPage + ((ulong)i << 6), BinaryPrimitives.ReadUInt64LittleEndian(bitmap[(i * sizeof(ulong))..]));
        }
        finally
        {
            protection.Exit();
        }

        if (hasTaken)
            protection.Flush();
        return Errno.None;
    }

    // The same of the snapshot's words before one.
    private void ClearSnapshot<TProtection>(ref TProtection protection, nuint end)
        where TProtection : struct, IMemslotProtection, allows ref struct
    {
        bool hasTaken = false;
        Span<ulong> snapshot = _snapshot.AsSpan();
        protection.Enter();
        try
        {
            nuint word = 0;
            for (; FindWord(ref word) && word < end; word++)
                hasTaken |= ClearWord(ref protection, (ulong)word << 6, snapshot[(int)word]);
        }
        finally
        {
            protection.Exit();
        }

        if (hasTaken)
            protection.Flush();
    }

    // Only what was set is protected; and split, where that was put off when the log started.
    private bool ClearWord<TProtection>(ref TProtection protection, ulong page, ulong wanted)
        where TProtection : struct, IMemslotProtection, allows ref struct
    {
        if (wanted == 0)
            return false;
        ulong taken = _live.ClearMask<AlwaysOr>(page, wanted);
        if (taken == 0)
            return false;

        protection.Protect(page, taken);
        if ((ManualProtect & ManualProtect.InitiallySet) != ManualProtect.None)
        {
            int first = BitOperations.TrailingZeroCount(taken);
            protection.Split(page + (uint)first, (uint)(BitOperations.Log2(taken) - first + 1));
        }

        return true;
    }
}
