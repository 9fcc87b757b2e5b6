using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Machine;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.HashTable.Machine;

/// <summary>A machine whose memory slots go and come again, and addresses without memory that its vCPUs remember.</summary>
[Collection(RunAlone.Name)]
public sealed class SlotChanges
{
    private const ulong Pages = 64;
    private const ulong Second = 256;

    [Fact]
    public void An_address_without_memory_is_searched_for_once()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        using VirtualMachine machine = Machine(memory);
        for (int access = 0; access < 5; access++)
            Assert.Equal(VcpuExit.NoMemory, Store(machine, 0, Second << GuestPage.Shift, 1));
        Assert.Equal(4ul, ((HashMmu)machine.Mmu).MmioCacheOf(0).Hits);
        Assert.Equal(VcpuExit.NoMemory, Store(machine, 1, Second << GuestPage.Shift, 1));
        Assert.Equal(0ul, ((HashMmu)machine.Mmu).MmioCacheOf(1).Hits);
    }

    [Theory]
    [InlineData(HashTableLogMethod.Walk)]
    [InlineData(HashTableLogMethod.Sweep)]
    [InlineData(HashTableLogMethod.Cheapest)]
    [InlineData(HashTableLogMethod.Faults)]
    public void A_slot_goes_with_its_record_and_comes_back_with_its_bytes(HashTableLogMethod method)
    {
        using var memory = new GuestMemory();
        memory.AddSlot(3, 0, Pages);
        MemorySlot slot = memory.AddSlot(5, Second, Pages);
        using VirtualMachine machine = Machine(memory);
        using var log = new HashTableDirtyLog(machine, method);
        log.Start();
        ulong address = (Second + 7) << GuestPage.Shift;
        Assert.Equal(VcpuExit.None, Store(machine, 0, address, 41));
        Assert.Equal(VcpuExit.None, Store(machine, 1, 5 << GuestPage.Shift, 1));
        Assert.Equal(Errno.Invalid, machine.HashTable!.SetSlot(4, isSet: false));
        Assert.Equal(Errno.None, machine.HashTable.SetSlot(5, isSet: false));
        Assert.Equal(Errno.Invalid, machine.HashTable.SetSlot(5, isSet: false));

        // Nor through the TLB.
        Assert.Equal(VcpuExit.NoMemory, Store(machine, 0, address, 42));
        Assert.Equal(VcpuExit.NoMemory, Store(machine, 0, address + GuestPage.Size, 42));
        Assert.Equal(VcpuExit.NoMemory, Store(machine, 0, address + GuestPage.Size, 42));
        Assert.Equal([(3u, 5ul)], DirtySet.Harvest(log));
        Assert.Equal(Errno.None, machine.HashTable.SetSlot(5, isSet: true));
        Assert.Equal(41, slot.Memory.AsSpan()[7 << GuestPage.Shift]);
        Assert.Empty(DirtySet.Harvest(log));
        Assert.Equal(VcpuExit.None, Store(machine, 0, address, 43));
        Assert.Equal(VcpuExit.None, Store(machine, 0, address + GuestPage.Size, 44));
        Assert.Equal([(5u, 7ul), (5u, 8ul)], DirtySet.Harvest(log));
        ChainInvariant.Check(machine.HashTable.Core);
    }

    /// <summary>A store either lands, or says that there is no memory, whenever the slot goes.</summary>
    [Fact]
    public void Slots_come_and_go_under_vcpus_that_store()
    {
        const int Changes = 60;
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, Pages);
        using VirtualMachine machine = Machine(memory);
        using var log = new HashTableDirtyLog(machine, HashTableLogMethod.Sweep);
        log.Start();
        Counting[] programs = [new(0), new(1)];
        int running = programs.Length;
        new Crew(TimeSpan.FromMinutes(3)).Run(
        [
            .. machine.Vcpus.Select(vcpu => ($"vCPU {vcpu.Id}", (Action)(() =>
            {
                try
                {
                    Assert.Equal(VcpuExit.Interrupted, vcpu.Run(ref programs[vcpu.Id]));
                }
                finally
                {
                    Interlocked.Decrement(ref running);
                }
            }))),
            ("host", () =>
            {
                try
                {
                    for (int change = 0; change < Changes; change++, Thread.Yield())
                        Assert.Equal(Errno.None, machine.HashTable!.SetSlot(0, isSet: change % 2 != 0));
                }
                finally
                {
                    foreach (Vcpu vcpu in machine.Vcpus)
                        vcpu.RequestStop();
                }
            }),
            ("harvester", () =>
            {
                for (; Volatile.Read(ref running) > 0; Thread.Yield())
                    DirtySet.Harvest(log);
            }),
        ]);

        ulong stored = 0, missed = 0;
        foreach (Counting program in programs)
        {
            for (int page = 0; page < (int)Pages; page++)
                Assert.Equal(program.Stored[page], BitConverter.ToUInt64(slot.Memory.AsSpan()[(int)Counting.AddressOf(page, program.Id)..]));
            stored += program.Stored.Aggregate(0ul, (sum, count) => sum + count);
            missed += program.Missed;
        }

        ChainInvariant.Check(machine.HashTable!.Core);
        Report.Line($"{stored} stores, and {missed} to no memory, beside {Changes} changes of the slot");
    }

    private static VirtualMachine Machine(GuestMemory memory) =>
        new(memory, vcpus: 2, new HashTableOptions { Order = HptGeometry.MinimumOrder, BackingShift = 12 });

    private static VcpuExit Store(VirtualMachine machine, int vcpu, ulong address, ulong value) =>
        GuestAction.Run(machine.Vcpus[vcpu], inside => inside.Store(address, value));

    /// <summary>Counts in a word of each page, in those stores that there was memory for.</summary>
    private struct Counting(int id) : IGuestProgram
    {
        private uint _step;

        public readonly int Id => id;

        public ulong[] Stored { get; } = new ulong[Pages];

        public ulong Missed { get; private set; }

        public static ulong AddressOf(int page, int id) => ((ulong)page << GuestPage.Shift) + 512 + ((ulong)id * sizeof(ulong));

        public VcpuExit Step(Vcpu vcpu)
        {
            int page = (int)(_step++ * 7 % Pages);
            if (_step % 64 == 0)
                Thread.Yield();
            switch (vcpu.Store(AddressOf(page, id), Stored[page] + 1))
            {
                case VcpuExit.None:
                    Stored[page]++;
                    return VcpuExit.None;
                case VcpuExit.NoMemory:
                    Missed++;
                    return VcpuExit.None;
                case VcpuExit exit:
                    throw new InvalidOperationException($"A store ended with {exit}.");
            }
        }
    }
}
