using RingKit.Bitmaps;
using RingKit.Bitmaps.Clients;
using RingKit.Bitmaps.Operations;
using RingKit.Bitmaps.Phases;
using RingKit.Bitmaps.Slots;
using RingKit.Memory;
using RingKit.Rings;
using Xunit;

namespace RingKit.Properties.Docs;

/// <summary>The code in the pages for embedders, run: <see cref="FragmentTests"/> compares what stands between the markers with the pages.</summary>
public sealed class EmbeddingFragments
{
    private readonly List<BitRun> _redrawn = [];
    private readonly List<ulong> _invalidated = [];

    [Fact]
    public void A_store_is_marked_behind_it()
    {
        using var ram = new Ram(1 << 20);
        ulong address = (5 * 4096) + 4094;
        uint value = 7;

        // [mark]
        using DirtyBitmap dirty = DirtyBitmap.ForBytes(ram.Length, Granule.Page);   // once
        ram.Store(address, value);                                                 // first the store,
        dirty.MarkBytes(address, sizeof(uint));                                    // then the mark of the pages that it touches
        // [end]

        Assert.Equal([5ul, 6ul], BitmapPages(dirty));
    }

    [Fact]
    public void Dirty_runs_are_taken_in_a_loop()
    {
        using var ram = new Ram(1 << 20);
        using DirtyBitmap dirty = DirtyBitmap.ForBytes(ram.Length, Granule.Page);
        dirty.MarkRange(60, 10);
        dirty.Mark(200);

        // [loop]
        foreach (BitRun run in dirty.TakeRuns())                                   // clean again; joined across words; nothing allocated
            Redraw(run.First << dirty.Granule.Shift, run.Count << dirty.Granule.Shift);
        // [end]

        Assert.Equal([new BitRun(60 * 4096, 10 * 4096), new BitRun(200 * 4096, 4096)], _redrawn);
        Assert.Equal(0ul, dirty.Count());
    }

    [Fact]
    public void A_range_is_taken_into_words_of_ones_own()
    {
        using var dirty = new DirtyBitmap(1000);
        dirty.MarkRange(90, 20);
        ulong bufferFirst = 100;
        ulong bufferPages = 77;

        // [words]
        Span<ulong> taken = stackalloc ulong[2];                                   // bit 0 is page bufferFirst, which need not begin a word
        if (dirty.HarvestWords(taken, bufferFirst, bufferPages) != 0)
        {
            foreach (BitRun run in BitmapSearch.SetRuns(taken, bufferPages))
                Redraw(bufferFirst + run.First, run.Count);
        }
        // [end]

        Assert.Equal([new BitRun(100, 10)], _redrawn);
        Assert.Equal(10ul, dirty.Count());
    }

    [Fact]
    public void Two_consumers_have_a_view_each()
    {
        using var dirty = new DirtyBitmap(1000);

        // [clients]
        var clients = new DirtyClients(dirty);                                     // writers go on marking the one bitmap
        using DirtyClient display = clients.Join("display");
        using DirtyClient translator = clients.Join("translator", allDirty: true);

        foreach (BitRun run in display.Collect().TakeRuns())
            Redraw(run.First, run.Count);
        // [end]

        Assert.Empty(_redrawn);
        dirty.Mark(5);
        Assert.Equal([5ul], BitmapPages(display.Collect()));
        Assert.Equal(1000ul, translator.Collect().Count());
    }

    [Fact]
    public void A_transfer_that_fails_puts_the_rest_back()
    {
        using var dirty = new DirtyBitmap(1000);
        dirty.MarkRange(10, 5);
        dirty.MarkRange(100, 5);
        bool Sent(BitRun run) => run.First < 100;

        // [phases]
        using (var take = new DirtyTake(dirty))                                    // once, and used again and again; Dispose puts back what is held
        {
            take.Take();
            foreach (BitRun run in take.HeldRuns())
            {
                if (Sent(run))
                    take.Confirm(run.First, run.Count);
            }

            take.PutBack();                                                        // what did not arrive is dirty again
        }
        // [end]

        Assert.Equal([100ul, 101, 102, 103, 104], BitmapPages(dirty));
    }

    [Fact]
    public unsafe void Generated_code_marks_through_the_pointer()
    {
        using DirtyBitmap dirty = DirtyBitmap.ForBytes(1 << 20, Granule.Page);
        ulong address = 77 * 4096;

        // [pointer]
        using MarkView view = dirty.OpenMarkView();                                // a base that never moves, a shift, the number of pages
        ulong page = address >> view.Shift;
        ref ulong word = ref *(ulong*)(view.BasePointer + ((nuint)(page >> 6) * 8));
        Interlocked.Or(ref word, 1UL << (int)(page & 63));                         // what generated code does: lock or, after its store
        // [end]

        Assert.Equal([77ul], BitmapPages(dirty));
    }

    [Fact]
    public void A_lost_log_makes_everything_dirty()
    {
        using var dirty = new DirtyBitmap(1000);
        using var ring = new BroadcastRing<ulong>(16, new BroadcastOptions { WhenReaderLags = LaggardPolicy.DropOldest });
        using BroadcastReader<ulong> reader = ring.Join();
        for (ulong page = 0; page < 40; page++)
            ring.Writer.TryWrite(page);
        Span<ulong> pages = stackalloc ulong[16];

        // [gap]
        int count = reader.Read(pages, out ulong gap);                             // gap: so many entries were overwritten before these
        if (gap != 0)
            dirty.MarkAll();                                                       // or: drop the whole translation cache
        foreach (ulong page in pages[..count])
            Invalidate(page);
        // [end]

        Assert.Equal(1000ul, dirty.Count());
        Assert.Equal(39ul, _invalidated[^1]);
    }

    [Fact]
    public void Bitmaps_of_hypervisors_are_joined()
    {
        using DirtyBitmap dirty = DirtyBitmap.ForBytes(1 << 22, Granule.Page);
        byte[] fromKvm = new byte[KvmBitmap.ByteLength(100)];
        fromKvm[0] = 4;
        ulong slotFirst = 500;

        // [kvm]
        dirty.MarkFromKvm(fromKvm, firstPage: slotFirst, count: 100);              // as KVM_GET_DIRTY_LOG has filled it
        // [end]

        ulong gpa = 3 * 4096;
        ulong bytes = 70 * 4096;

        // [whp]
        using var buffer = new NativeBlock<ulong>((nuint)WhpBitmap.WordLength(bytes));       // stays where it is, aligned, zeroed
        Query(gpa, bytes, buffer.View.AsSpan(), WhpBitmap.ByteLength(bytes));                // WHvQueryGpaRangeDirtyBitmap, which clears what it reports
        dirty.MarkFromWhp(buffer.View.AsSpan(), firstPage: gpa / WhpBitmap.PageBytes, count: bytes / WhpBitmap.PageBytes);
        // [end]

        Assert.Equal([3ul, 72, 502], BitmapPages(dirty));

        static void Query(ulong address, ulong length, Span<ulong> bitmap, uint bitmapBytes)
        {
            Assert.Equal((3ul * 4096, 70ul * 4096, 16u), (address, length, bitmapBytes));
            bitmap[0] = 1;
            bitmap[1] = 1 << 5;
        }
    }

    [Fact]
    public void A_state_is_saved_and_restored()
    {
        using var dirty = new DirtyBitmap(1000);
        using var other = new DirtyBitmap(1000);
        dirty.MarkRange(5, 3);
        other.Mark(9);
        using var stream = new MemoryStream();

        // [save]
        dirty.Save(stream);                                                        // beside the pages themselves
        stream.Position = 0;
        try
        {
            other.Restore(stream);                                                 // joins what is dirty there
        }
        catch (InvalidDataException)                                               // corrupt, cut off, of another size: nothing was marked
        {
            other.MarkAll();
        }
        // [end]

        Assert.Equal([5ul, 6, 7, 9], BitmapPages(other));
    }

    [Fact]
    public void What_became_dirty_since_the_baseline_is_a_difference()
    {
        using var dirty = new DirtyBitmap(1000);
        dirty.MarkRange(5, 3);
        ulong[] baseline = new ulong[16];
        baseline[0] = 1 << 6;

        // [difference]
        Span<ulong> now = stackalloc ulong[16];
        dirty.CopyTo(now);                                                         // nothing is cleared
        BitmapLogic.AndNot(now, baseline, dirty.Pages);                            // dirty now, and not then
        // [end]

        Assert.Equal((1ul << 5) | (1ul << 7), now[0]);
    }

    [Fact]
    public void Slots_are_a_sparse_space()
    {
        // [slots]
        using var slots = new DirtySlots([(First: 0, Count: 0xa0), (First: 0x100, Count: 0xff00)]);
        slots.Mark(0x100);                                                         // a page of the guest; one that no slot has is refused
        foreach (BitRun run in slots[1].TakeRuns())
            Redraw(slots.FirstOf(1) + run.First, run.Count);
        // [end]

        Assert.Equal([new BitRun(0x100, 1)], _redrawn);
    }

    [Fact]
    public void A_bitmap_lies_over_words_of_the_hosts()
    {
        // [over]
        using var words = new NativeBlock<ulong>(16);                              // or NativeView.DangerousCreate over memory of your own
        using var dirty = new DirtyBitmap(words.View, pages: 1000);
        // [end]

        dirty.Mark(64);
        Assert.Equal(1ul, words[1]);
    }

    private static List<ulong> BitmapPages(DirtyBitmap bitmap)
    {
        var pages = new List<ulong>();
        foreach (BitRun run in bitmap.TakeRuns())
        {
            for (ulong page = run.First; page < run.End; page++)
                pages.Add(page);
        }

        return pages;
    }

    private void Redraw(ulong first, ulong count) => _redrawn.Add(new BitRun(first, count));

    private void Invalidate(ulong page) => _invalidated.Add(page);

    private sealed class Ram(ulong bytes) : IDisposable
    {
        private readonly NativeBlock<byte> _block = new((nuint)bytes);

        public ulong Length => _block.Length;

        public void Store(ulong address, uint value) => BitConverter.TryWriteBytes(_block.View.Slice((nuint)address, 4).AsSpan(), value);

        public void Dispose() => _block.Dispose();
    }
}
