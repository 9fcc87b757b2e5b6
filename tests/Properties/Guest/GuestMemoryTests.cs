using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using Xunit;

namespace RingKit.Properties.Guest;

public sealed class GuestMemoryTests
{
    [Fact]
    public void Slots_are_found_by_frame_and_by_id_and_holes_by_neither()
    {
        using var memory = new GuestMemory();
        MemorySlot low = memory.AddSlot(id: 1, baseGfn: 16, pageCount: 4);
        MemorySlot high = memory.AddSlot(id: 7, baseGfn: GuestMemory.MaximumFrames - 1, pageCount: 1);

        Assert.Null(memory.FindByGfn(15));
        Assert.Same(low, memory.FindByGfn(16));
        Assert.Same(low, memory.FindByGfn(19));
        Assert.Null(memory.FindByGfn(20));
        Assert.Same(high, memory.FindByGfn(GuestMemory.MaximumFrames - 1));
        Assert.Null(memory.FindByGfn(ulong.MaxValue));
        Assert.Same(high, memory.FindById(7));
        Assert.Null(memory.FindById(0x10007));
        Assert.Null(memory.FindById(0));
        Assert.Equal(4 * 4096u, low.Memory.Length);
    }

    [Fact]
    public void Bad_slots_are_refused_by_the_name_of_the_argument()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, baseGfn: 10, pageCount: 10);
        Assert.Equal("id", Assert.Throws<ArgumentException>(() => memory.AddSlot(0, 100, 1)).ParamName);
        Assert.Equal("baseGfn", Assert.Throws<ArgumentException>(() => memory.AddSlot(1, 5, 6)).ParamName);
        Assert.Equal("baseGfn", Assert.Throws<ArgumentException>(() => memory.AddSlot(1, 19, 1)).ParamName);
        Assert.Equal("pageCount", Assert.Throws<ArgumentOutOfRangeException>(() => memory.AddSlot(1, 0, 0)).ParamName);
        Assert.Equal("pageCount", Assert.Throws<ArgumentOutOfRangeException>(() => memory.AddSlot(1, 0, 1UL << 31)).ParamName);
        Assert.Equal("baseGfn", Assert.Throws<ArgumentOutOfRangeException>(() => memory.AddSlot(1, GuestMemory.MaximumFrames, 1)).ParamName);
        Assert.Equal("baseGfn", Assert.Throws<ArgumentOutOfRangeException>(() => memory.AddSlot(1, ulong.MaxValue, 1)).ParamName);
        Assert.Single(memory.Slots);
        memory.AddSlot(1, 0, 10);
        memory.AddSlot(2, 20, 1);
    }

    [Fact]
    public void Pages_of_a_folded_slot_have_the_bytes_of_their_frame_whatever_the_page_table()
    {
        Func<GuestMemory, VirtualMachine>[] machines =
        [
            memory => new VirtualMachine(memory),
            memory => new VirtualMachine(memory, 1, new Stage2Options()),
            memory => new VirtualMachine(memory, 1, new TdpOptions()),
            memory => new VirtualMachine(memory, 1, new Book3sPrOptions()),
            memory => new VirtualMachine(memory, 1, new HashTableOptions { Order = 20, BackingShift = GuestPage.Shift }),
        ];
        foreach (Func<GuestMemory, VirtualMachine> make in machines)
        {
            using var memory = new GuestMemory();
            MemorySlot slot = memory.AddFoldedSlot(0, baseGfn: 0, pageCount: 1000, frameCount: 8);
            Assert.Equal(8u * GuestPage.Size, slot.Memory.Length);
            using VirtualMachine machine = make(memory);
            for (ulong page = 3; page < 1000; page += 83)
            {
                var store = new StoreScript([((page << GuestPage.Shift) + 16, page)]);
                Assert.Equal(VcpuExit.Halted, machine.Vcpus[0].Run(ref store));
                Assert.Equal((byte)page, slot.Memory[(nuint)((page % 8 * GuestPage.Size) + 16)]);
            }
        }
    }

    [Fact]
    public void A_folded_slot_has_a_power_of_two_of_frames_and_no_more_than_pages()
    {
        using var memory = new GuestMemory();
        Assert.Equal("frameCount", Assert.Throws<ArgumentOutOfRangeException>(() => memory.AddFoldedSlot(0, 0, 10, 0)).ParamName);
        Assert.Equal("frameCount", Assert.Throws<ArgumentOutOfRangeException>(() => memory.AddFoldedSlot(0, 0, 10, 3)).ParamName);
        Assert.Equal(10u * GuestPage.Size, memory.AddFoldedSlot(0, 0, 10, 16).Memory.Length);
    }

    [Fact]
    public void Slots_are_fixed_when_a_machine_has_taken_the_memory()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 1);
        using var machine = new VirtualMachine(memory);
        Assert.Throws<InvalidOperationException>(() => memory.AddSlot(1, 1, 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(VirtualMachine.MaximumVcpus + 1)]
    public void A_machine_has_at_least_one_vcpu_and_at_most_so_many(int vcpus)
    {
        using var memory = new GuestMemory();
        Assert.Equal("vcpus", Assert.Throws<ArgumentOutOfRangeException>(() => new VirtualMachine(memory, vcpus)).ParamName);
        Assert.Equal("memory", Assert.Throws<ArgumentNullException>(() => new VirtualMachine(null!)).ParamName);
    }
}
