using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Kvm.DirtyLogging;

/// <content>Bitmaps.</content>
public sealed partial class KvmDirtyLog
{
    private void CollectBitmap<TSink>(MemorySlot slot, ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        Span<ulong> words = _bitmaps[slot.Ordinal].View.AsSpan();
        Errno error = _kvm.GetDirtyLog(slot.Id, words);

        // The log is off, or the slot was deleted, and its log with it.
        if (error == Errno.NoEntry)
            return;
        KvmException.ThrowIf(error, $"KVM_GET_DIRTY_LOG of slot {slot.Id}");

        var cursor = new WordCursor(words);
        try
        {
            while (cursor.MoveNext())
            {
                sink.Accept(slot, (ulong)cursor.Word * 64, words[cursor.Word]);
                cursor.Delivered();
            }
        }
        finally
        {
            error = Settle(slot, words, in cursor);
            Book(cursor.Pages, slot.BitmapBytes, cursor.Pages == 0 ? 0u : 1u);
        }

        // The slot was deleted since it was fetched.
        if (error != Errno.NoEntry)
            KvmException.ThrowIf(error, $"KVM_CLEAR_DIRTY_LOG of slot {slot.Id}");
    }

    // What the sink did not take comes again: the kernel still has it in manual mode, and in automatic mode it is kept here. What it took is cleared.
    private Errno Settle(MemorySlot slot, ReadOnlySpan<ulong> words, in WordCursor cursor)
    {
        if (_form == KvmLogForm.Bitmap)
        {
            for (int word = cursor.DeliveredEnd; word < words.Length; word++)
            {
                if (words[word] != 0)
                    SetAside(slot, (ulong)word * 64, words[word]);
            }

            return Errno.None;
        }

        if (cursor.Pages == 0)
            return Errno.None;
        ulong firstPage = (ulong)cursor.DeliveredStart * 64;
        ulong pages = Math.Min((ulong)cursor.DeliveredEnd * 64, slot.PageCount) - firstPage;
        return _kvm.ClearDirtyLog(slot.Id, firstPage, (uint)pages, words[cursor.DeliveredStart..cursor.DeliveredEnd]);
    }

    /// <summary>Goes through the words that are not 0, and keeps the stretch that was delivered.</summary>
    private ref struct WordCursor(ReadOnlySpan<ulong> words)
    {
        private readonly ReadOnlySpan<ulong> _words = words;

        public int Word { get; private set; } = -1;

        public int DeliveredStart { get; private set; }

        public int DeliveredEnd { get; private set; }

        public ulong Pages { get; private set; }

        public bool MoveNext()
        {
            if (_words.IsEmpty)
                return false;
            Word = (int)NonZeroScan.Find(in _words[0], (nuint)(Word + 1), (nuint)_words.Length);
            return Word < _words.Length;
        }

        public void Delivered()
        {
            if (Pages == 0)
                DeliveredStart = Word;
            DeliveredEnd = Word + 1;
            Pages += (uint)BitOperations.PopCount(_words[Word]);
        }
    }
}
