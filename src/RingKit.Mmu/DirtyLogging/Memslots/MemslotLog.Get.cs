using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Cores;
using RingKit.Bitmaps.Operations;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Mmu.DirtyLogging.Memslots;

/// <summary>KVM_GET_DIRTY_LOG.</summary>
internal sealed partial class MemslotLog<TOrdering>
{
    private const int BatchWords = 64;

    /// <summary>Fetches the log. In automatic mode the pages are taken out of it and protected; in manual mode nothing changes.</summary>
    /// <param name="protection">The slot's.</param>
    /// <param name="destination">KVM's bytes: <see cref="ByteLength"/> of them are written, page 0 in bit 0 of the first; bits beyond the last page are 0.</param>
    /// <returns>
    /// <see cref="Errno.NoEntry"/> if the log is off; <see cref="Errno.BadAddress"/> if the destination is too short, when the pages are lost in automatic mode,
    /// as in KVM, unless the options keep them.
    /// </returns>
    public Errno Get<TProtection>(ref TProtection protection, Span<byte> destination)
        where TProtection : struct, IMemslotProtection, allows ref struct
    {
        if (!IsOn)
            return Errno.NoEntry;
        bool fits = (ulong)destination.Length >= ByteLength;
        if (!fits && _options.KeepsLogOnBadAddress)
            return Errno.BadAddress;

        protection.Sync();
        Fill();
        if ((ManualProtect & ManualProtect.Enabled) == ManualProtect.None)
            TakeAll(ref protection);
        else
            _live.CopyTo(_snapshot.AsSpan());
        if (!fits)
        {
            if ((ManualProtect & ManualProtect.Enabled) == ManualProtect.None)
                LostPages += BitmapCount.Count(_snapshot.AsSpan());
            return Errno.BadAddress;
        }

        KvmBitmap.Export(_snapshot.AsSpan(), Pages, destination);
        return Errno.None;
    }

    /// <summary>A fetch of either mode, and in manual mode a clear of what it had, into a sink in place of bytes.</summary>
    /// <param name="protection">The slot's.</param>
    /// <param name="sink">Takes the masks. If it throws, what it did not take stays in the log.</param>
    /// <returns>How many pages it was given.</returns>
    public ulong Deliver<TProtection, TSink>(ref TProtection protection, ref TSink sink)
        where TProtection : struct, IMemslotProtection, allows ref struct
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        if (!IsOn)
            return 0;
        protection.Sync();
        Fill();
        bool isManual = (ManualProtect & ManualProtect.Enabled) != ManualProtect.None;
        if (isManual)
            _live.CopyTo(_snapshot.AsSpan());
        else
            TakeAll(ref protection);

        nuint word = 0;
        try
        {
            return DeliverSnapshot(ref sink, ref word);
        }
        finally
        {
            // Nothing is left, unless the sink threw.
            if (isManual)
                ClearSnapshot(ref protection, word);
            else
                PutBack(word);
        }
    }

    // The snapshot is this thread's alone: no order, and vectors.
    private ulong DeliverSnapshot<TSink>(ref TSink sink, ref nuint word)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        ulong pages = 0;
        Span<ulong> snapshot = _snapshot.AsSpan();
        while (FindWord(ref word))
        {
            ulong mask = snapshot[(int)word];
            sink.Accept((ulong)word << 6, mask);
            pages += (uint)BitOperations.PopCount(mask);
            word++;
        }

        return pages;
    }

    private void PutBack(nuint word)
    {
        Span<ulong> snapshot = _snapshot.AsSpan();
        for (; FindWord(ref word); word++)
            _live.PutBack((ulong)word << 6, snapshot[(int)word]);
    }

    private bool FindWord(ref nuint word)
    {
        ReadOnlySpan<ulong> snapshot = _snapshot.AsSpan();
        int next = snapshot[(int)word..].IndexOfAnyExcept(0ul);
        word = next < 0 ? _snapshot.Length : word + (nuint)next;
        return next >= 0;
    }

    // One flush for all, after the lock, if there was anything.
    [SkipLocalsInit]
    private void TakeAll<TProtection>(ref TProtection protection)
        where TProtection : struct, IMemslotProtection, allows ref struct
    {
        Span<ulong> snapshot = _snapshot.AsSpan();
        snapshot.Clear();
        Span<(ulong FirstPage, ulong Mask)> batch = stackalloc (ulong, ulong)[BatchWords];
        DirtyBitmapCore<TOrdering>.Part part = _live.PartOf(0, Pages, ulong.MaxValue);
        bool takesFirst = !Has(Stage2Defects.ProtectsBeforeTaking), hasTaken = false;
        protection.Enter();
        try
        {
            for (int words; (words = _live.NextBatch(ref part, takesFirst, batch)) != 0; hasTaken = true)
            {
                foreach ((ulong firstPage, ulong mask) in batch[..words])
                {
                    protection.Protect(firstPage, mask);
                    snapshot[(int)(firstPage >> 6)] = takesFirst ? mask : _live.ClearMask<AlwaysOr>(firstPage, ulong.MaxValue);
                }
            }
        }
        finally
        {
            protection.Exit();
        }

        if (hasTaken)
            protection.Flush();
    }
}
