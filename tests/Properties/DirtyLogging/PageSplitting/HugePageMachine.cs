using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Ordering;

namespace RingKit.Properties.DirtyLogging.PageSplitting;

/// <summary>A machine of two vCPUs and two slots in hugetlbfs, of which the second begins within a huge page.</summary>
internal sealed class HugePageMachine : IDisposable
{
    private const ulong Gigabyte = 1ul << 18;
    private const ulong Userspace = 0x1000_0000_0000;

    private readonly GuestMemory _memory = new();

    private HugePageMachine(ulong pages, Func<GuestMemory, VirtualMachine> make)
    {
        _memory.AddSlot(0, Gigabyte, pages);
        _memory.AddSlot(1, (4 * Gigabyte) - 0x305, pages + 0x305);
        Machine = make(_memory);
    }

    public VirtualMachine Machine { get; }

    public ulong Pages => _memory.Slots[0].PageCount + _memory.Slots[1].PageCount;

    /// <summary>Mappings of 4K, 2M and 1G.</summary>
    public (ulong Of4K, ulong Of2M, ulong Of1G) Mappings
    {
        get
        {
            if (Machine.Stage2 is { } stage2)
            {
                Stage2Mappings blocks = stage2.CountMappings();
                return (blocks.Pages, blocks.Blocks2M, blocks.Blocks1G);
            }

            TdpMappings leaves = Machine.Tdp!.CountMappings();
            return (leaves.Of4K, leaves.Of2M, leaves.Of1G);
        }
    }

    /// <summary>With a stage-2 table.</summary>
    /// <param name="options">How it is made.</param>
    /// <param name="isGigabyte">Whether the huge pages have 1 GiB, else 2 MiB.</param>
    public static HugePageMachine Stage2(Stage2Options options, bool isGigabyte) => new(PagesFor(isGigabyte), memory =>
    {
        var host = new HostSpace<HardwareOrdering>();
        List<Stage2Slot> slots = [];
        foreach (MemorySlot slot in memory.Slots)
        {
            // Regions have whole huge pages, in which slots may begin anywhere.
            ulong region = Userspace + ((ulong)slots.Count << 40), inRegion = (slot.BaseGfn % Gigabyte) << GuestPage.Shift;
            ulong size = (inRegion + (slot.PageCount << GuestPage.Shift) + (1ul << 30) - 1) & ~((1ul << 30) - 1);
            host.Add(new HostRegionSettings(region, size)
            {
                Kind = isGigabyte ? HostRegionKind.HugeTlb1G : HostRegionKind.HugeTlb2M,
                Memory = slot,
                MemoryAddress = region + inRegion,
            });
            slots.Add(new Stage2Slot(slot, region + inRegion, isReadOnly: false));
        }

        return new VirtualMachine(memory, vcpus: 2, new Stage2HvCore<HardwareOrdering>(options, slots, host));
    });

    /// <summary>With x86's second level.</summary>
    public static HugePageMachine Tdp(TdpOptions options, bool isGigabyte) => new(
        PagesFor(isGigabyte),
        memory => new VirtualMachine(memory, vcpus: 2, options with { HostLevel = isGigabyte ? MappingLevel.Size1G : MappingLevel.Size2M }));

    /// <summary>Each vCPU takes write permission for each page of its slot, on a thread of its own. Nothing is stored: the pages need no memory.</summary>
    public void Touch() => Parallel.ForEach(Machine.Vcpus, vcpu =>
    {
        var program = new Toucher(_memory.Slots[vcpu.Id]);
        VcpuExit exit = vcpu.Run(ref program);
        if (exit != VcpuExit.Halted)
            throw new InvalidOperationException($"vCPU {vcpu.Id} left the guest with {exit}.");
    });

    public void Dispose()
    {
        Machine.Dispose();
        _memory.Dispose();
    }

    private static ulong PagesFor(bool isGigabyte) => isGigabyte ? Gigabyte : 8 * 512;

    private struct Toucher(MemorySlot slot) : IGuestProgram
    {
        private ulong _page;

        public VcpuExit Step(Vcpu vcpu) =>
            _page == slot.PageCount ? VcpuExit.Halted : vcpu.Store((slot.BaseGfn + _page++) << GuestPage.Shift, ReadOnlySpan<byte>.Empty);
    }
}
