using System.Numerics;
using System.Runtime.InteropServices;
using RingKit.Cli.Migrate.Workloads;
using RingKit.Cli.Replay;
using RingKit.Cli.Traces;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Properties.Cli.Migrate;

public sealed class WorkloadTests : IDisposable
{
    private readonly TraceFiles _files = new();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(7, 3)]
    [InlineData(100, 2)]
    [InlineData(1000, 64)]
    public void Sequential_stores_go_to_each_page_in_turn(int pages, int vcpus)
    {
        using var guest = new Guest((ulong)pages, vcpus);
        int[] writers = new int[pages];
        for (int vcpu = 0; vcpu < vcpus; vcpu++)
        {
            int first = Math.Min(pages * vcpu / vcpus, pages - 1), end = Math.Max(pages * (vcpu + 1) / vcpus, first + 1);
            guest.Run(vcpu, new SequentialStores((ulong)pages, vcpu, vcpus, SplitMix.CounterOf(1, vcpu)), 3 * (end - first));
            for (int page = first; page < end; page++)
                writers[page]++;
        }

        for (int page = 0; page < pages; page++)
        {
            Assert.InRange(writers[page], 1, vcpus);
            Assert.Equal([0, 8, 16], guest.Written(page));
        }
    }

    [Fact]
    public void Random_stores_reach_all_pages_alike()
    {
        const int Pages = 1000, Stores = 100_000;
        using var guest = new Guest(Pages);
        int[] hits = guest.Count(RandomStores.Alike(Pages, SplitMix.CounterOf(3, 0)), Stores);

        // The mean is 100, its standard deviation 10.
        Assert.All(hits, count => Assert.InRange(count, 50, 150));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(99)]
    [InlineData(1000)]
    [InlineData(5050)]
    public void Nine_hot_stores_of_ten_go_to_a_page_of_a_hundred(int pages)
    {
        const int Stores = 50_000;
        using var guest = new Guest((ulong)pages);
        int[] hits = guest.Count(RandomStores.Hot((ulong)pages, SplitMix.CounterOf(4, 0)), Stores);
        int hotPages = (pages + 99) / 100;
        double toHot = hits.Where((_, page) => page % 100 == 0).Sum();
        double expected = 0.9 + 0.1 * hotPages / pages;
        Assert.InRange(toHot / Stores, expected - 0.005, expected + 0.005);
        Assert.All(hits.Where((_, page) => page % 100 == 0), count => Assert.InRange(count / toHot * hotPages, 0.8, 1.2));
        if (pages > 1)
            Assert.True(hits.Where((_, page) => page % 100 != 0).Count(count => count > 0) > Math.Min(4000, pages - hotPages) * 0.5);
    }

    [Fact]
    public void A_vcpu_stores_by_its_own_seed()
    {
        using var guest = new Guest(4096);
        int[] first = guest.Count(RandomStores.Alike(4096, SplitMix.CounterOf(1, 0)), 1000);
        Assert.Equal(first, guest.Count(RandomStores.Alike(4096, SplitMix.CounterOf(1, 0)), 1000));
        Assert.NotEqual(first, guest.Count(RandomStores.Alike(4096, SplitMix.CounterOf(1, 1)), 1000));
        Assert.NotEqual(first, guest.Count(RandomStores.Alike(4096, SplitMix.CounterOf(2, 0)), 1000));
    }

    [Fact]
    public void A_trace_gives_each_vcpu_its_part_of_the_stores()
    {
        // Frames come by the first touch, loads and instructions too; the last store crosses into a page of its own.
        string text = "I  400000,4\n L 9000,8\n S 9000,8\n M 5008,4\n S 9010,300\n S 5ffc,8\n";
        TraceStores trace = Read(_files.Write(text), pages: 4);
        Assert.Equal((5, 3), (trace.Count, trace.DistinctPages));
        using var guest = new Guest(4, vcpus: 2);
        guest.Run(0, TraceStoreSource.Of(trace, 0, 2), 2);
        Assert.Equal(Enumerable.Range(0, 8), guest.Bytes(1));
        Assert.Equal(Enumerable.Range(8, 4), guest.Bytes(2));
        guest.Run(1, TraceStoreSource.Of(trace, 1, 2), 3);
        Assert.Equal([.. Enumerable.Range(0, 8), .. Enumerable.Range(0x10, 300)], guest.Bytes(1));
        Assert.Equal([.. Enumerable.Range(8, 4), .. Enumerable.Range(0xffc, 4)], guest.Bytes(2));
        Assert.Equal(Enumerable.Range(0, 4), guest.Bytes(3));
        Assert.Empty(guest.Bytes(0));
    }

    [Fact]
    public void A_trace_begins_anew_with_other_data()
    {
        TraceStores trace = Read(_files.Write(" S 1000,8\n S 2000,8\n"), pages: 2);
        using var guest = new Guest(2);
        TraceStoreSource source = TraceStoreSource.Of(trace, 0, 1);
        guest.Run(0, source, 2);
        byte[] once = [.. guest.Page(0)[..8]];
        guest.Run(0, source, 3);
        Assert.NotEqual(once, guest.Page(0)[..8].ToArray());
    }

    [Fact]
    public void More_vcpus_than_stores_repeat_the_last_of_them()
    {
        TraceStores trace = Read(_files.Write(" S 1000,8\n"), pages: 1);
        using var guest = new Guest(1, vcpus: 3);
        for (int vcpu = 0; vcpu < 3; vcpu++)
            guest.Run(vcpu, TraceStoreSource.Of(trace, vcpu, 3), 5);
        Assert.Equal(Enumerable.Range(0, 8), guest.Bytes(0));
    }

    [Theory]
    [InlineData("", 0, "the trace ends without a store")]
    [InlineData(" L 1000,8\n", 1, "the trace ends without a store")]
    [InlineData(" S 1000,8\n L 2000,8\n L 3000,8\n", 3, "the trace touches more pages than --memory holds")]
    [InlineData(" S 1000,8\nbad\n", 2, "not a line of a lackey trace: 'bad'")]
    public void A_trace_that_does_not_serve_is_refused_with_its_line(string text, int line, string problem)
    {
        string path = _files.Write(text);
        TraceException e = Assert.Throws<TraceException>(() => Read(path, pages: 2));
        Assert.StartsWith($"{path}:{line}: {problem}", e.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _files.Dispose();

    private static TraceStores Read(string path, ulong pages)
    {
        using var file = TraceFile.Open(path);
        return TraceStores.Read(file.Reader, pages, TestContext.Current.CancellationToken);
    }

    /// <summary>Does so many stores and halts.</summary>
    private struct Counted<TSource>(TSource source, int stores) : IGuestProgram
        where TSource : struct, IStoreSource
    {
        private TSource _source = source;
        private int _left = stores;

        public VcpuExit Step(Vcpu vcpu)
        {
            if (_left == 0)
                return VcpuExit.Halted;
            ref TSource next = ref _source;
            VcpuExit exit = next.Store(vcpu);
            if (exit == VcpuExit.None)
                _left--;
            return exit;
        }
    }

    /// <summary>Halts after each store.</summary>
    private struct OneByOne<TSource>(TSource source) : IGuestProgram
        where TSource : struct, IStoreSource
    {
        private TSource _source = source;

        public VcpuExit Step(Vcpu vcpu)
        {
            ref TSource next = ref _source;
            VcpuExit exit = next.Store(vcpu);
            return exit == VcpuExit.None ? VcpuExit.Halted : exit;
        }
    }

    private readonly struct HitSink(int[] hits) : IDirtyPageSink
    {
        public int[] Hits => hits;

        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                hits[baseOffset + (uint)BitOperations.TrailingZeroCount(mask)]++;
        }
    }

    private sealed class Guest : IDisposable
    {
        private readonly GuestMemory _memory = new();
        private readonly VirtualMachine _machine;
        private readonly MemorySlot _slot;

        public Guest(ulong pages, int vcpus = 1)
        {
            _slot = _memory.AddSlot(0, 0, pages);
            _machine = new VirtualMachine(_memory, vcpus);
        }

        public Span<byte> Page(int page) => _slot.Memory.AsSpan().Slice(page << GuestPage.Shift, GuestPage.Size);

        public void Run<TSource>(int vcpu, TSource source, int stores)
            where TSource : struct, IStoreSource
        {
            var program = new Counted<TSource>(source, stores);
            Assert.Equal(VcpuExit.Halted, _machine.Vcpus[vcpu].Run(ref program));
        }

        /// <summary>How many of so many stores each page got: a log is asked after each.</summary>
        public int[] Count<TSource>(TSource source, int stores)
            where TSource : struct, IStoreSource
        {
            using var log = new BitmapDirtyLog(_machine);
            log.Start();
            var hits = new HitSink(new int[_slot.PageCount]);
            var program = new OneByOne<TSource>(source);
            for (int store = 0; store < stores; store++)
            {
                Assert.Equal(VcpuExit.Halted, _machine.Vcpus[0].Run(ref program));
                log.Harvest(ref hits);
            }

            return hits.Hits;
        }

        /// <summary>Offsets of the words of a page that are not zero.</summary>
        public List<int> Written(int page)
        {
            Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(Page(page));
            List<int> offsets = [];
            for (int i = 0; i < words.Length; i++)
            {
                if (words[i] != 0)
                    offsets.Add(i * 8);
            }

            return offsets;
        }

        /// <summary>Offsets of the bytes of a page that are not zero.</summary>
        public List<int> Bytes(int page)
        {
            List<int> offsets = [];
            for (int i = 0; i < GuestPage.Size; i++)
            {
                if (Page(page)[i] != 0)
                    offsets.Add(i);
            }

            return offsets;
        }

        public void Dispose()
        {
            _machine.Dispose();
            _memory.Dispose();
        }
    }
}
