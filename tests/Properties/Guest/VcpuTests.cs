using System.Buffers.Binary;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Properties.Guest;

public sealed class VcpuTests : IDisposable
{
    private readonly GuestMemory _memory = new();
    private readonly MemorySlot _slot;
    private readonly VirtualMachine _machine;
    private readonly Vcpu _vcpu;

    public VcpuTests()
    {
        _slot = _memory.AddSlot(id: 0, baseGfn: 1, pageCount: 600);
        _machine = new VirtualMachine(_memory);
        _vcpu = _machine.Vcpus[0];
    }

    public void Dispose()
    {
        _machine.Dispose();
        _memory.Dispose();
    }

    [Fact]
    public void Stores_write_real_bytes_and_loads_read_them()
    {
        Assert.Equal(VcpuExit.None, Store(0x1008, 0x1122334455667788ul));
        Assert.Equal(0x1122334455667788ul, BinaryPrimitives.ReadUInt64LittleEndian(_slot.Memory.AsSpan()[8..]));
        Assert.Equal(0x1122334455667788ul, LoadUInt64(0x1008));
        byte[] text = "dirty"u8.ToArray();
        Assert.Equal(VcpuExit.None, GuestAction.Run(_vcpu, vcpu => vcpu.Store(0x2000, text)));
        Assert.Equal(text, _slot.Memory.AsSpan().Slice(0x1000, 5).ToArray());
    }

    [Fact]
    public void An_access_may_cross_a_page_boundary()
    {
        for (ulong gpa = 0x2ff8; gpa <= 0x3000; gpa++)
        {
            Assert.Equal(VcpuExit.None, Store(gpa, 0x0102030405060708ul + gpa));
            Assert.Equal(0x0102030405060708ul + gpa, LoadUInt64(gpa));
            Assert.Equal(0x0102030405060708ul + gpa, BinaryPrimitives.ReadUInt64LittleEndian(_slot.Memory.AsSpan()[(int)(gpa - 0x1000)..]));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0xfff)]
    [InlineData(601 * 4096ul)]
    [InlineData(ulong.MaxValue)]
    [InlineData((601 * 4096ul) - 7)]
    public void An_access_outside_the_slots_exits_and_stores_nothing(ulong gpa)
    {
        Assert.Equal(VcpuExit.NoMemory, Store(gpa, ulong.MaxValue));
        Assert.Equal(VcpuExit.NoMemory, GuestAction.Run(_vcpu, vcpu => vcpu.Load(gpa, new byte[8])));
        Assert.Equal(-1, _slot.Memory.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void An_access_is_at_most_a_page_long()
    {
        Assert.Equal(VcpuExit.None, GuestAction.Run(_vcpu, vcpu => vcpu.Store(0x1fff, new byte[4096])));
        Assert.Throws<ArgumentException>(() => GuestAction.Run(_vcpu, vcpu => vcpu.Store(0x1000, new byte[4097])));
        Assert.Throws<ArgumentException>(() => GuestAction.Run(_vcpu, vcpu => vcpu.Load(0x1000, new byte[4097])));
    }

    [Fact]
    public void A_page_faults_on_its_first_access_and_on_its_first_write()
    {
        LoadUInt64(0x1000);
        Assert.Equal(1ul, _vcpu.Faults);
        LoadUInt64(0x1000);
        Assert.Equal(1ul, _vcpu.Faults);
        Store(0x1000, 1ul);
        Assert.Equal(2ul, _vcpu.Faults);
        Store(0x1000, 2ul);
        LoadUInt64(0x1000);
        Assert.Equal(2ul, _vcpu.Faults);
        Store(0x2000, 1ul);
        Assert.Equal(3ul, _vcpu.Faults);
    }

    [Fact]
    public void Pages_that_share_a_place_in_the_tlb_drive_each_other_out_and_stay_right()
    {
        for (ulong round = 0; round < 3; round++)
        {
            for (ulong page = 1; page <= 600; page++)
                Assert.Equal(VcpuExit.None, Store(page << 12, (page * 1000) + round));
            for (ulong page = 1; page <= 600; page++)
                Assert.Equal((page * 1000) + round, LoadUInt64(page << 12));
        }

        Assert.Equal(600ul, _vcpu.Faults);
    }

    [Fact]
    public void The_tlb_grants_writes_until_it_is_flushed()
    {
        Store(0x1000, 1ul);
        _machine.Mmu.WriteProtect(_slot, 0, 1);
        Store(0x1000, 2ul);
        Assert.Equal(1ul, _vcpu.Faults);
        _machine.InvalidateTlbs();
        Store(0x1000, 3ul);
        Assert.Equal(2ul, _vcpu.Faults);
    }

    [Fact]
    public void A_vcpu_that_is_asked_to_stop_leaves_the_guest_once()
    {
        var forever = default(Forever);
        _vcpu.RequestStop();
        Assert.Equal(VcpuExit.Interrupted, _vcpu.Run(ref forever));

        VcpuExit exit = VcpuExit.None;
        var thread = new Thread(() =>
        {
            var program = default(Forever);
            exit = _vcpu.Run(ref program);
        });
        thread.Start();
        Thread.Sleep(20);
        Assert.Throws<InvalidOperationException>(() => Store(0x1000, 1ul));
        _vcpu.RequestStop();
        Assert.True(thread.Join(TimeSpan.FromSeconds(20)), "The vCPU did not stop.");
        Assert.Equal(VcpuExit.Interrupted, exit);
        Assert.Equal(VcpuExit.None, Store(0x1000, 1ul));
    }

    [Fact]
    public void A_disposed_machine_runs_nothing()
    {
        _machine.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Store(0x1000, 1ul));
    }

    private VcpuExit Store(ulong gpa, ulong value) => GuestAction.Run(_vcpu, vcpu => vcpu.Store(gpa, value));

    private ulong LoadUInt64(ulong gpa)
    {
        byte[] bytes = new byte[8];
        Assert.Equal(VcpuExit.None, GuestAction.Run(_vcpu, vcpu => vcpu.Load(gpa, bytes)));
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private struct Forever : IGuestProgram
    {
        public readonly VcpuExit Step(Vcpu vcpu) => VcpuExit.None;
    }
}
