using RingKit.Bitmaps;
using RingKit.Bitmaps.Bytes;
using RingKit.Bitmaps.Clients;
using RingKit.Bitmaps.Growing;
using RingKit.Bitmaps.Listing;
using RingKit.Bitmaps.Phases;
using RingKit.Bitmaps.Slots;
using RingKit.Bitmaps.Summary;
using RingKit.Memory;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>Whatever looks at a tracker that is disposed says so, or keeps its own memory, as its documentation promises.</summary>
public sealed class DisposedViewTests
{
    [Fact]
    public void A_clients_view_of_a_disposed_bitmap_says_so()
    {
        var marks = new DirtyBitmap(100);
        var clients = new DirtyClients(marks);
        DirtyClient client = clients.Join("client");
        marks.Mark(1);
        DirtyBitmap pending = client.Collect();
        marks.Dispose();
        Gone(() => client.Collect(), () => client.Collect(0, 0), () => clients.Join("late"), () => _ = new DirtyClients(marks));

        // What it has collected is its own, until it leaves.
        Assert.True(pending.IsDirty(1));
        client.Dispose();
        Gone(() => pending.IsDirty(1), () => client.Collect());
    }

    [Fact]
    public void A_take_of_a_disposed_bitmap_says_so_and_keeps_what_it_holds()
    {
        var bitmap = new DirtyBitmap(100);
        bitmap.MarkRange(10, 5);
        var take = new DirtyTake(bitmap);
        take.Take();
        bitmap.Dispose();
        Gone(() => take.Take(), () => take.PutBack(), () => take.PutBack(10, 1), () => _ = new DirtyTake(bitmap));
        Assert.Equal(5ul, take.Count());
        Assert.Equal(2ul, take.Confirm(10, 2));
        take.Dispose();
        Gone(() => take.Count(), () => take.Confirm(), () => { _ = take.HeldRuns(); });
    }

    [Fact]
    public void The_views_of_slots_and_of_a_growing_bitmap_end_with_them()
    {
        var slots = new DirtySlots([(0, 10), (100, 10)]);
        DirtyBitmap slot = slots[1];
        slots.Dispose();
        Gone(() => slot.Mark(0), () => slots[0].Count(), () => slots.Mark(100), () => slots.MarkAll());

        var growing = new GrowingDirtyBitmap(10, 100);
        DirtyBitmap whole = growing.Whole;
        growing.Dispose();
        Gone(() => whole.Mark(0), () => growing.Mark(0), () => growing.Grow(20), () => { _ = whole.TakeRuns(); });
    }

    [Fact]
    public void A_mark_view_keeps_the_words_and_a_disposed_one_says_so()
    {
        var bitmap = new DirtyBitmap(100);
        MarkView view = bitmap.OpenMarkView();
        bitmap.Dispose();
        Assert.NotEqual(0u, view.BasePointer);
        view.Dispose();
        Gone(() => _ = view.BasePointer, () => bitmap.OpenMarkView());
    }

    [Fact]
    public void A_bitmap_laid_over_a_block_outlives_it()
    {
        var block = new NativeBlock<ulong>(2);
        using var bitmap = new DirtyBitmap(block.View, 100);
        block.Dispose();
        bitmap.Mark(99);
        Assert.True(bitmap.IsDirty(99));
        Gone(() => _ = block.View);
    }

    [Fact]
    public void Every_tracker_says_that_it_is_disposed()
    {
        foreach (IDirtyTracker tracker in new IDirtyTracker[]
        {
            new DirtyBitmap(100), new SummaryBitmap(100), new DirtyList(100), new DirtyByteMap(100), new GrowingDirtyBitmap(100, 200),
        })
        {
            tracker.Mark(5);
            tracker.Dispose();
            tracker.Dispose();
            var runs = new List<(ulong, ulong)>();
            Gone(
                () => tracker.Mark(5),
                () => tracker.TryMark(5),
                () => tracker.MarkRange(0, 5),
                () => tracker.IsDirty(5),
                () => tracker.Count(),
                () => { var sink = new RunList(runs); tracker.HarvestRuns(ref sink); },
                () => { ulong cursor = 0; tracker.HarvestIndices(new ulong[5], ref cursor); });
            Assert.Empty(runs);
        }
    }

    private static void Gone(params Action[] calls)
    {
        foreach (Action call in calls)
            Assert.Throws<ObjectDisposedException>(call);
    }
}
