using RingKit.Bitmaps;
using RingKit.Bitmaps.Clients;
using RingKit.Bitmaps.Phases;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps.Clients;

/// <summary>Several clients of one marking: who gets what, joining and leaving, arguments, disposal, threads.</summary>
public sealed class DirtyClientsContract
{
    [Fact]
    public void Each_client_harvests_all_marks_for_itself()
    {
        using var marks = new DirtyBitmap(500);
        var clients = new DirtyClients(marks);
        using DirtyClient display = clients.Join("display");
        using DirtyClient migration = clients.Join("migration");
        Assert.Equal(["display", "migration"], clients.Names);

        marks.MarkRange(60, 10);
        Assert.Equal(Pages(60, 10), Harvest(display));
        marks.Mark(499);
        marks.Mark(60);
        Assert.Equal([60, 499], Harvest(display));
        Assert.Empty(Harvest(display));
        Assert.Equal([.. Pages(60, 10), 499], Harvest(migration));
        Assert.Empty(Harvest(migration));
        Assert.Equal(0ul, marks.Count());
    }

    [Fact]
    public void A_client_gets_what_is_marked_after_it_joined_or_everything()
    {
        using var marks = new DirtyBitmap(100);
        var clients = new DirtyClients(marks);
        using DirtyClient early = clients.Join("early");
        marks.Mark(1);
        using DirtyClient late = clients.Join("late");
        marks.Mark(2);
        using DirtyClient all = clients.Join("all", allDirty: true);
        Assert.Equal([2], Harvest(late));
        Assert.Equal([1, 2], Harvest(early));
        Assert.Equal(Pages(0, 100), Harvest(all));
    }

    [Fact]
    public void A_range_is_collected_alone()
    {
        using var marks = new DirtyBitmap(300);
        var clients = new DirtyClients(marks);
        using DirtyClient display = clients.Join("display");
        using DirtyClient migration = clients.Join("migration");
        marks.MarkRange(50, 200);
        Assert.Equal(20ul, display.Collect(100, 20).ClearRange(0, 300));
        Assert.Equal(180ul, marks.Count());
        Assert.Equal(180ul, display.Collect().Count());
        Assert.Equal(Pages(50, 200), Harvest(migration));
    }

    [Fact]
    public void A_client_may_harvest_in_two_phases()
    {
        using var marks = new DirtyBitmap(300);
        var clients = new DirtyClients(marks);
        using DirtyClient display = clients.Join("display");
        using DirtyClient migration = clients.Join("migration");
        marks.MarkRange(0, 10);
        using (var take = new DirtyTake(migration.Collect()))
        {
            take.Take();
            take.Confirm(0, 4);
        }

        Assert.Equal(Pages(4, 6), Harvest(migration));
        Assert.Equal(Pages(0, 10), Harvest(display));
    }

    [Fact]
    public void Bad_arguments_and_the_disposed_are_refused()
    {
        var marks = new DirtyBitmap(100);
        Assert.Equal("marks", Assert.Throws<ArgumentNullException>(() => new DirtyClients(null!)).ParamName);
        var clients = new DirtyClients(marks);
        Assert.Equal("name", Assert.Throws<ArgumentNullException>(() => clients.Join(null!)).ParamName);
        Assert.Equal("name", Assert.Throws<ArgumentException>(() => clients.Join("")).ParamName);
        using DirtyClient one = clients.Join("one");
        marks.Mark(5);
        Assert.Equal("name", Assert.Throws<ArgumentException>(() => clients.Join("one")).ParamName);
        Assert.Equal("first", Assert.Throws<ArgumentOutOfRangeException>(() => one.Collect(101, 0)).ParamName);
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => one.Collect(100, 1)).ParamName);
        Assert.Equal([5], Harvest(one));

        // Of a client's own bitmap only the client suffers: others go on to mark in memory that is still there.
        using DirtyClient careless = clients.Join("careless");
        careless.Collect().Dispose();
        marks.Mark(6);
        Assert.Equal([6], Harvest(one));
        Assert.Throws<ObjectDisposedException>(() => careless.Collect().Count());
        careless.Dispose();
        careless.Dispose();
        Assert.Throws<ObjectDisposedException>(() => careless.Collect());
        Assert.Equal(["one"], clients.Names);
        using DirtyClient again = clients.Join("careless");

        marks.Dispose();
        Assert.Throws<ObjectDisposedException>(() => one.Collect());
        Assert.Throws<ObjectDisposedException>(() => clients.Join("two"));
    }

    [Fact]
    public void Nothing_is_allocated_by_a_harvest()
    {
        using var marks = new DirtyBitmap(10_000);
        var clients = new DirtyClients(marks);
        using DirtyClient display = clients.Join("display");
        using DirtyClient migration = clients.Join("migration");
        Assert.Equal(0, Allocated.By(() =>
        {
            marks.MarkRange(100, 5000);
            display.Collect().ClearRange(0, 10_000);
            migration.Collect().ClearRange(0, 10_000);
        }));
    }

    [Fact]
    public void Threads_that_mark_harvest_join_and_leave_lose_nothing()
    {
        // Each page is marked once: every client that was there from the start must get each exactly once.
        const ulong Pages = 100_000;
        using var marks = new DirtyBitmap(Pages);
        var clients = new DirtyClients(marks);
        int[][] seen = [new int[Pages], new int[Pages]];
        DirtyClient[] stable = [clients.Join("first"), clients.Join("second")];
        int writing = 1;
        void Read(int client)
        {
            var sink = new Tally(seen[client]);
            bool isLast;
            do
            {
                isLast = Volatile.Read(ref writing) == 0;
                stable[client].Collect().HarvestMasks(ref sink);
            }
            while (!isLast);
        }

        void Write()
        {
            for (ulong i = 0; i < Pages; i++)
                marks.Mark(i * 7_919 % Pages);
            Volatile.Write(ref writing, 0);
        }

        void ComeAndGo()
        {
            while (Volatile.Read(ref writing) != 0)
            {
                using DirtyClient guest = clients.Join("guest", allDirty: true);
                Assert.Equal(Pages, guest.Collect().ClearRange(0, Pages));
            }
        }

        new Crew(TimeSpan.FromSeconds(60)).Run(
            ("writer", Write), ("first", () => Read(0)), ("second", () => Read(1)), ("comes and goes", ComeAndGo));
        Assert.All(seen[0], times => Assert.Equal(1, times));
        Assert.All(seen[1], times => Assert.Equal(1, times));
        foreach (DirtyClient client in stable)
            client.Dispose();
    }

    private static List<ulong> Pages(int first, int count) => [.. Enumerable.Range(first, count).Select(page => (ulong)page)];

    private static List<ulong> Harvest(DirtyClient client)
    {
        ulong cursor = 0;
        ulong[] room = new ulong[1000];
        return [.. room[..client.Collect().HarvestIndices(room, ref cursor)]];
    }

    private readonly struct Tally(int[] seen) : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                seen[firstPage + (uint)System.Numerics.BitOperations.TrailingZeroCount(mask)]++;
        }
    }
}
