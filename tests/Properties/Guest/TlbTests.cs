using RingKit.Mmu.Guest;
using RingKit.Mmu.Guest.Translation;
using Xunit;

namespace RingKit.Properties.Guest;

/// <summary>What is dropped from a TLB: all, by source, by range.</summary>
public sealed class TlbTests : IDisposable
{
    private const ulong HighestPage = (1UL << 52) - 1;
    private readonly GuestMemory _memory = new();
    private readonly WrittenBack _mmu = new();
    private readonly Tlb _tlb;

    public TlbTests() => _tlb = new Tlb(_mmu);

    public void Dispose() => _memory.Dispose();

    [Theory]
    [InlineData(100, 1)]
    [InlineData(100, 2)]
    [InlineData(250, 10)]
    [InlineData(0, 255)]
    [InlineData(3, 256)]
    [InlineData(5, 512)]
    [InlineData(HighestPage, 1)]
    [InlineData(0, HighestPage + 1)]
    public void A_range_drops_its_pages_and_leaves_its_neighbours(ulong first, ulong count)
    {
        ulong last = first + count - 1;
        ulong[] near = [first - 1, first, first + 1, last - 1, last, last + 1, first + Tlb.EntryCount, last - Tlb.EntryCount];
        foreach (ulong page in near.Where(page => page <= HighestPage))
        {
            _tlb.Flush();
            Fill(page, page % 2 == 0);
            _tlb.Drop(first, count);
            Assert.Equal(page - first >= count, _tlb.FindReadable(page) != 0);
        }
    }

    [Fact]
    public void A_range_of_no_pages_drops_nothing_and_an_empty_place_is_no_page_0()
    {
        Fill(0, true);
        _tlb.Drop(0, 0);
        Assert.NotEqual(0u, _tlb.FindWritable(0));
        _tlb.Drop(0, 1);
        Assert.Equal(0u, _tlb.FindReadable(0));
        Assert.Equal(0u, _tlb.FindReadable(Tlb.EntryCount));
    }

    [Fact]
    public void What_is_pending_in_a_range_goes_to_the_page_table_once()
    {
        for (ulong page = 10; page < 14; page++)
            _tlb.Fill(page, TlbEntry.For(page, (nuint)page << 12, writable: true), page | Tlb.Pending);
        _tlb.Drop(11, 2);
        Assert.Equal([11, 12], _mmu.Sources);
        _tlb.Drop(0, 1000);
        Assert.Equal([11, 12, 10, 13], _mmu.Sources);
    }

    [Fact]
    public void Ranges_drop_what_a_set_of_pages_says()
    {
        var random = new Random(2014);
        for (int round = 0; round < 2000; round++)
        {
            _tlb.Flush();
            Dictionary<ulong, ulong> places = [];
            for (int i = 0; i < 300; i++)
            {
                ulong page = (ulong)random.Next(1200);
                Fill(page, writable: true);
                places[page % Tlb.EntryCount] = page;
            }

            ulong first = (ulong)random.Next(1200), count = (ulong)random.Next(1, 600);
            _tlb.Drop(first, count);
            foreach (ulong page in places.Values)
                Assert.Equal(page - first >= count, _tlb.FindWritable(page) != 0);
        }
    }

    [Fact]
    public void A_shootdown_of_a_range_reaches_every_vcpu_and_a_local_one_its_own()
    {
        MemorySlot slot = _memory.AddSlot(0, 0, 600);
        using var machine = new VirtualMachine(_memory, vcpus: 2);
        foreach (Vcpu vcpu in machine.Vcpus)
        {
            Store(vcpu, 1);
            Store(vcpu, 2);
        }

        // What the TLBs hold is seen by who faults: the table grants nothing any more.
        machine.Mmu.WriteProtectAll(slot);
        Assert.Equal(2, machine.Shootdown.Range(2, 1));
        Assert.Equal(0, Faults(machine.Vcpus[0], 1));
        Assert.Equal(0, Faults(machine.Vcpus[1], 1));
        Assert.Equal(1, Faults(machine.Vcpus[0], 2));
        machine.Mmu.WriteProtectAll(slot);
        Assert.Equal(1, Faults(machine.Vcpus[1], 2));

        machine.Mmu.WriteProtectAll(slot);
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu =>
        {
            vcpu.DropLocally(0, 512);
            return VcpuExit.None;
        }));
        Assert.Equal(0, Faults(machine.Vcpus[1], 1));
        Assert.Equal(1, Faults(machine.Vcpus[0], 1));
    }

    [Fact]
    public void A_store_across_two_pages_translates_both_anew_when_the_second_one_drops_the_first()
    {
        _memory.AddSlot(0, 0, 16);
        using var machine = new VirtualMachine(_memory);
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu =>
        {
            Assert.Equal(VcpuExit.None, vcpu.Store(0x1000, 1ul));
            vcpu.DropLocally(0, 16);
            return vcpu.Store(0x1ffc, 2ul);
        }));
        Assert.Equal(2ul, machine.Vcpus[0].Faults);
    }

    private void Fill(ulong page, bool writable) => _tlb.Fill(page, TlbEntry.For(page, (nuint)(page + 1) << 12, writable), source: 0);

    private static void Store(Vcpu vcpu, ulong page) => Assert.Equal(VcpuExit.None, GuestAction.Run(vcpu, inside => inside.Store(page << 12, page)));

    private static int Faults(Vcpu vcpu, ulong page)
    {
        ulong before = vcpu.Faults;
        Store(vcpu, page);
        return (int)(vcpu.Faults - before);
    }

    private sealed class WrittenBack : IMmu
    {
        public List<ulong> Sources { get; } = [];

        public VcpuExit Translate(Vcpu vcpu, ulong page, bool write, out TlbEntry entry, out ulong source) => throw new NotSupportedException();

        public void WriteBack(ulong source) => Sources.Add(source);

        public void WriteProtect(MemorySlot slot, ulong baseOffset, ulong mask) => throw new NotSupportedException();

        public void WriteProtectAll(MemorySlot slot) => throw new NotSupportedException();

        public void TlbsFlushed() => throw new NotSupportedException();

        public void LogStarted(MemorySlot slot) => throw new NotSupportedException();

        public void LogStopped(MemorySlot slot) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
