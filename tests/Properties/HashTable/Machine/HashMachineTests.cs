using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Guest.Translation;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.HashTable.Machine;

/// <summary>vCPUs over a hashed page table: misses, faults, evictions, page-outs, and hypercalls in their steps.</summary>
public sealed class HashMachineTests : IDisposable
{
    private const ulong Pages = 1UL << 15;
    private readonly GuestMemory _memory = new();
    private readonly MemorySlot _slot;
    private readonly List<VirtualMachine> _machines = [];

    public HashMachineTests() => _slot = _memory.AddSlot(0, 0, Pages);

    public void Dispose()
    {
        foreach (VirtualMachine machine in _machines)
            machine.Dispose();
        _memory.Dispose();
    }

    [Fact]
    public void A_store_enters_an_entry_sets_R_and_C_and_lands_in_memory()
    {
        VirtualMachine machine = Machine(new HashTableOptions());
        Assert.Equal(VcpuExit.None, Store(machine, 0x42_008, 7));
        Assert.Equal(7, _slot.Memory.AsSpan()[0x42_008]);

        Hpte entry = Assert.Single(Entries(machine));
        Assert.True(entry.IsValid && entry.IsReferenced && entry.IsChanged);
        Assert.Equal(7UL, Load(machine, 0x42_008));
    }

    [Fact]
    public void A_load_sets_R_and_the_first_store_after_it_sets_C()
    {
        VirtualMachine machine = Machine(new HashTableOptions());
        Assert.Equal(0UL, Load(machine, 0x5000));
        Assert.False(Assert.Single(Entries(machine)).IsChanged);
        Assert.Equal(VcpuExit.None, Store(machine, 0x5000, 1));
        Assert.True(Assert.Single(Entries(machine)).IsChanged);
    }

    [Fact]
    public void C_that_is_put_off_is_in_the_table_when_the_translation_is_dropped()
    {
        VirtualMachine machine = Machine(new HashTableOptions { DelaysChanged = true });
        Assert.Equal(VcpuExit.None, Store(machine, 0x5000, 1));
        Assert.False(Assert.Single(Entries(machine)).IsChanged);
        machine.InvalidateTlbs();
        Assert.True(Assert.Single(Entries(machine)).IsChanged);

        // Another page takes its place in the TLB.
        Assert.Equal(VcpuExit.None, Store(machine, 0x6000, 1));
        Assert.Equal(VcpuExit.None, Store(machine, 0x6000 + ((ulong)Tlb.EntryCount << GuestPage.Shift), 1));
        Assert.Equal(2, Entries(machine).Count(entry => entry.IsChanged));
    }

    [Fact]
    public void Addresses_outside_the_slots_exit_and_store_nothing()
    {
        VirtualMachine machine = Machine(new HashTableOptions());
        foreach (ulong address in (ulong[])[Pages << 12, (Pages << 12) - 4, 1UL << 40, 1UL << 59, 1UL << 60, ulong.MaxValue - 7])
            Assert.Equal(VcpuExit.NoMemory, Store(machine, address, ulong.MaxValue));
        Assert.Equal(-1, _slot.Memory.AsSpan().IndexOfAnyExcept((byte)0));
        Assert.All(Entries(machine).Where(entry => entry.IsAbsent), entry => Assert.Equal(31, entry.Key));
    }

    [Theory]
    [InlineData(12, 12)]
    [InlineData(12, 16)]
    [InlineData(16, 16)]
    [InlineData(16, 24)]
    public void Full_groups_make_room_and_every_page_size_reaches_its_own_bytes(int pageShift, int guestShift)
    {
        VirtualMachine machine = Machine(new HashTableOptions
        {
            Order = HptGeometry.MinimumOrder,
            PageShift = pageShift,
            GuestPageSize = new HptePageSize(guestShift, guestShift),
        });
        for (ulong page = 0; page < Pages; page++)
            Assert.Equal(VcpuExit.None, Store(machine, (page << 12) + (page & 0xFF8), page + 1));
        for (ulong page = 0; page < Pages; page++)
            Assert.Equal(page + 1, Load(machine, (page << 12) + (page & 0xFF8)));
    }

    [Fact]
    public void A_page_that_goes_out_under_a_store_comes_back_with_its_bytes_and_its_C()
    {
        VirtualMachine machine = Machine(new HashTableOptions());
        Assert.Equal(VcpuExit.None, Store(machine, 0x7000, 1));
        Assert.Equal(1UL, machine.HashTable!.PageOut(0, Pages));
        Assert.True(Assert.Single(Entries(machine)).IsAbsent);
        Assert.Equal(1UL, Load(machine, 0x7000));
        Assert.True(Assert.Single(Entries(machine)).IsValid);
    }

    [Fact]
    public void The_table_is_replaced_between_runs_and_no_vcpu_enters_meanwhile()
    {
        VirtualMachine machine = Machine(new HashTableOptions { Order = 18, DelaysChanged = true });
        for (ulong page = 0; page < 200; page++)
            Assert.Equal(VcpuExit.None, Store(machine, page << 12, page + 1));
        Assert.Equal(Errno.NoDevice, machine.HashTable!.CommitResize(20));
        Assert.Equal(Errno.Invalid, machine.HashTable.PrepareResize(17).Error);
        while (machine.HashTable.PrepareResize(20) is { EstimatedMilliseconds: > 0 })
            Thread.Sleep(1);
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], _ =>
        {
            Assert.Equal(Errno.Busy, machine.HashTable.CommitResize(20));
            return VcpuExit.None;
        }));
        Assert.Equal(Errno.None, machine.HashTable.CommitResize(20));
        Assert.Equal(20, machine.HashTable.Geometry.Order);
        Assert.Empty(Entries(machine));
        for (ulong page = 0; page < 200; page++)
            Assert.Equal(page + 1, Load(machine, page << 12));
    }

    [Fact]
    public void A_hypercall_belongs_to_a_step()
    {
        VirtualMachine machine = Machine(new HashTableOptions());
        ulong[] registers = new ulong[8];
        Assert.Throws<InvalidOperationException>(() => machine.HashTable!.Invoke(machine.Vcpus[0], Hypercall.Read, registers));
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu =>
        {
            Assert.Equal(HypercallStatus.Success, machine.HashTable!.Invoke(vcpu, Hypercall.Read, registers));
            Assert.Equal(HypercallStatus.Function, machine.HashTable.Invoke(vcpu, 0xF000, registers));
            return VcpuExit.None;
        }));
    }

    /// <summary>Each vCPU counts in words of its own, across page boundaries too, while pages go out and entries are evicted under it.</summary>
    [Fact]
    public void No_store_is_lost_or_misplaced_while_entries_come_and_go()
    {
        const int Vcpus = 3;
        const int Rounds = 15;
        const ulong Stride = 4096 - 4;
        const ulong Places = 6000;
        VirtualMachine machine = Machine(new HashTableOptions { Order = HptGeometry.MinimumOrder, BackingShift = 12, DelaysChanged = true }, Vcpus);
        int left = Vcpus;
        Action[] members =
        [
            .. Enumerable.Range(0, Vcpus).Select(id => (Action)(() =>
            {
                for (ulong i = 0; i < Rounds * Places / 10; i++)
                {
                    ulong place = (ulong)id + (i * 7919 % Places * Vcpus);
                    Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[id], vcpu =>
                    {
                        byte[] bytes = new byte[8];
                        VcpuExit exit = vcpu.Load(place * Stride, bytes);
                        return exit == VcpuExit.None ? vcpu.Store(place * Stride, BitConverter.ToUInt64(bytes) + 1) : exit;
                    }));
                }

                Interlocked.Decrement(ref left);
            })),
            () =>
            {
                var random = new Random(1);
                while (Volatile.Read(ref left) > 0)
                    machine.HashTable!.PageOut((ulong)random.Next((int)Pages), (ulong)random.Next(1, 64));
            },
        ];
        new Crew(TimeSpan.FromSeconds(120)).Run([.. members.Select((body, i) => ($"{i}", body))]);

        ulong sum = 0;
        for (ulong place = 0; place < Places * Vcpus; place++)
            sum += BitConverter.ToUInt64(_slot.Memory.Slice((nuint)(place * Stride), 8).AsSpan());
        Assert.Equal(Vcpus * (Rounds * Places / 10), sum);
    }

    private VirtualMachine Machine(HashTableOptions options, int vcpus = 1)
    {
        var machine = new VirtualMachine(_memory, vcpus, options);
        _machines.Add(machine);
        return machine;
    }

    private static VcpuExit Store(VirtualMachine machine, ulong address, ulong value) =>
        GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(address, value));

    private static ulong Load(VirtualMachine machine, ulong address)
    {
        byte[] bytes = new byte[8];
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Load(address, bytes)));
        return BitConverter.ToUInt64(bytes);
    }

    private static List<Hpte> Entries(VirtualMachine machine)
    {
        var entries = new List<Hpte>();
        for (ulong index = 0; index < machine.HashTable!.Geometry.EntryCount; index++)
        {
            if (machine.HashTable[index].IsPresent)
                entries.Add(machine.HashTable[index]);
        }

        return entries;
    }
}
