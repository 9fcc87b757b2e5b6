using RingKit.Mmu.Guest;
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
