using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Memory;
using RingKit.Ordering;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>Threads that mark while one harvests, on the hardware's memory order: nothing is lost, nothing invented.</summary>
public sealed class TrackerThreads
{
    private const int Markers = 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static TheoryData<TrackerKind> Trackers => TrackersUnderTest.All;

    [Theory]
    [MemberData(nameof(Trackers))]
    public void Pages_that_are_marked_once_are_harvested_once(TrackerKind kind)
    {
        const ulong PagesEach = 100_000;
        using IDirtyTracker tracker = TrackersUnderTest.Make(kind, Markers * PagesEach);
        int[] seen = new int[Markers * PagesEach];
        var sink = new Tally(seen);
        int running = Markers;
        var crew = new Crew(Deadline);
        (string, Action)[] markers = [.. Enumerable.Range(0, Markers).Select(id => ($"marker {id}", (Action)(() =>
        {
            for (ulong i = 0; i < PagesEach; i++)
                tracker.Mark((i * 77_773 % PagesEach * Markers) + (ulong)id);
            Interlocked.Decrement(ref running);
        })))];
        crew.Run([.. markers, ("harvester", () =>
        {
            while (Volatile.Read(ref running) > 0)
                tracker.HarvestMasks(ref sink);
        })]);
        tracker.HarvestMasks(ref sink);
        Assert.All(seen, times => Assert.Equal(1, times));
        Assert.Equal(0ul, tracker.Count());
    }

    [Theory]
    [MemberData(nameof(Trackers))]
    public void The_copy_equals_the_memory_in_the_end(TrackerKind kind)
    {
        // Few pages and many stores, so that most marks find their page dirty, or being harvested. Each marker counts in words of its own.
        const int Pages = 200;
        const int StoresEach = 150_000;
        using IDirtyTracker tracker = TrackersUnderTest.Make(kind, Pages);
        using var memory = new NativeBlock<ulong>(Markers * Pages);
        ulong[] copy = new ulong[Markers * Pages];
        var sink = new Copier(memory.View, copy);
        int running = Markers;
        var crew = new Crew(Deadline);
        (string, Action)[] markers = [.. Enumerable.Range(0, Markers).Select(id => ($"marker {id}", (Action)(() =>
        {
            ulong state = (ulong)id + 1;
            for (int i = 0; i < StoresEach; i++)
            {
                state = (state * 6364136223846793005) + 1442695040888963407;
                ulong page = (state >> 40) % Pages;
                memory[(nuint)((page * Markers) + (ulong)id)]++;
                if ((state >> 33 & 7) == 0)
                    tracker.TryMark(page);
                else
                    tracker.Mark(page);
            }

            Interlocked.Decrement(ref running);
        })))];
        crew.Run([.. markers, ("harvester", () =>
        {
            ulong[] few = new ulong[9];
            ulong cursor = 0;
            for (int round = 0; Volatile.Read(ref running) > 0; round++)
            {
                switch (round % 3)
                {
                    case 0:
                        tracker.HarvestMasks(ref sink);
                        break;
                    case 1:
                        tracker.HarvestRuns(ref sink);
                        break;
                    default:
                        foreach (ulong page in few.AsSpan(0, tracker.HarvestIndices(few, ref cursor)))
                            sink.Copy(page);
                        cursor = cursor == Pages ? 0 : cursor;
                        break;
                }
            }
        })]);
        tracker.HarvestMasks(ref sink);
        Assert.Equal(memory.View.AsSpan().ToArray(), copy);
    }

    private readonly struct Tally(int[] seen) : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                seen[firstPage + (uint)BitOperations.TrailingZeroCount(mask)]++;
        }
    }

    private readonly struct Copier(NativeView<ulong> memory, ulong[] copy) : IDirtyMaskSink, IDirtyRunSink
    {
        void IDirtyMaskSink.Accept(ulong firstPage, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                Copy(firstPage + (uint)BitOperations.TrailingZeroCount(mask));
        }

        void IDirtyRunSink.Accept(ulong firstPage, ulong pageCount)
        {
            for (ulong page = firstPage; page < firstPage + pageCount; page++)
                Copy(page);
        }

        public void Copy(ulong page)
        {
            for (ulong word = page * Markers; word < (page + 1) * Markers; word++)
                copy[word] = HardwareOrdering.LoadRelaxed(ref memory[(nuint)word]);
        }
    }
}
