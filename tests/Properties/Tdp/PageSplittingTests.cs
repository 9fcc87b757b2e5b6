using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using Xunit;

namespace RingKit.Properties.Tdp;

/// <summary>
/// The kernel's page-splitting self-test: two vCPUs, two slots, and the numbers of 4K, 2M and 1G mappings before logging, under it, and after. It asks for more than the
/// kernel's: the numbers come back without an access, and guest_memfd's slots are logged too.
/// </summary>
public sealed class PageSplittingTests
{
    private const ulong Gigabyte = 1ul << 18;

    // The second slot begins and ends within a gigabyte: it has mappings of each size where the first has 1G alone.
    private static readonly (ushort Id, ulong BaseGfn, ulong Pages)[] Slots = [(0, Gigabyte, Gigabyte), (1, (4 * Gigabyte) - 0x305, Gigabyte + 0x305)];

    public static TheoryData<string, TdpLogMethod, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, TdpLogMethod, bool>();
            foreach (string backing in (string[])["host 2M", "host 1G", "guest_memfd 2M", "guest_memfd 1G", "private guest_memfd 1G"])
            {
                cases.Add(backing, TdpLogMethod.WriteProtection, false);
                cases.Add(backing, TdpLogMethod.ModificationLog, true);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Mapping_counts_after_logging_equal_those_before(string backing, TdpLogMethod method, bool manual)
    {
        ManualProtect mode = manual ? ManualProtect.Enabled | ManualProtect.InitiallySet : ManualProtect.None;
        using var world = new TdpWorld(Options(backing, method), mode, Slots);
        if (backing.StartsWith("private", StringComparison.Ordinal))
            Assert.Equal(Errno.None, world.SetAttributes(0, 8 * Gigabyte, isPrivate: true));
        world.Populate();
        TdpMappings before = world.Mappings;
        ulong pages = Slots[0].Pages + Slots[1].Pages;
        Assert.Equal(pages, before.Pages);
        Assert.Equal(backing.EndsWith("1G", StringComparison.Ordinal), before.Of1G != 0);
        Assert.True(before is { Of4K: > 0, Of2M: > 0 });

        for (int slot = 0; slot < 2; slot++)
            Assert.Equal(Errno.None, world.Start(slot));
        if (manual)
        {
            Assert.Equal(before, world.Mappings);
            for (int slot = 0; slot < 2; slot++)
                Assert.Equal(Errno.None, world.ClearOf(slot, 0, (uint)Slots[slot].Pages, world.Get(slot)));
        }

        Assert.Equal(new TdpMappings(pages, 0, 0), world.Mappings);

        // The guest stores under logging, and all of it is reported.
        ulong[] written = [0, 1, 511, 512, Gigabyte / 2, Gigabyte - 1];
        for (int slot = 0; slot < 2; slot++)
        {
            foreach (ulong page in written)
                world.Store(Slots[slot].BaseGfn + page, vcpu: slot);
            Assert.Equal(written, world.Get(slot));
        }

        ulong mapped = world.Vcpus.Aggregate(0ul, (sum, vcpu) => sum + vcpu.Counts.Mapped);
        for (int slot = 0; slot < 2; slot++)
            world.Stop(slot);
        Assert.Equal(before, world.Mappings);
        world.Populate();
        Assert.Equal(before, world.Mappings);
        Assert.Equal(mapped, world.Vcpus.Aggregate(0ul, (sum, vcpu) => sum + vcpu.Counts.Mapped));
    }

    private static TdpOptions Options(string backing, TdpLogMethod method)
    {
        bool isGmem = backing.Contains("guest_memfd", StringComparison.Ordinal);
        MappingLevel level = backing.EndsWith("1G", StringComparison.Ordinal) ? MappingLevel.Size1G : MappingLevel.Size2M;
        GuestMemfdTraits flags = backing.StartsWith("private", StringComparison.Ordinal) ? GuestMemfdTraits.None : GuestMemfdTraits.Mmap;
        return new TdpOptions
        {
            LogMethod = method,
            // The host's pages say nothing about guest_memfd.
            HostLevel = isGmem ? MappingLevel.Size4K : level,
            Mapping = new MappingOptions { LogsGuestMemfd = true },
            Slots = !isGmem ? [] :
            [
                .. Slots.Select(slot => new TdpSlotOptions
                {
                    SlotId = slot.Id,
                    Gmem = flags,
                    GmemOrder = level == MappingLevel.Size1G ? 18 : 9,
                    GmemFirstPage = slot.BaseGfn % Gigabyte,
                }),
            ],
        };
    }
}
