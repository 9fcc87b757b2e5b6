using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Kvm;

/// <summary>What KVM or a device writes: to the ring of the vCPU that runs on the thread, or else wherever there is a place.</summary>
public sealed class VcpulessWritesTests
{
    [Fact]
    public void Writes_on_behalf_of_a_vcpu_are_pushed_each_time()
    {
        using var rig = new KvmRig(KvmFidelity.Faithful, ringEntries: 1024);
        GuestAction.Run(rig.Machine.Vcpus[0], _ =>
        {
            for (int i = 0; i < 300; i++)
                Assert.Equal(Errno.None, rig.Log.MarkPageDirty(rig.Slot, 7));
            return VcpuExit.None;
        });
        List<(uint Slot, ulong Offset)> entries = rig.Harvest();
        Assert.Equal(300, entries.Count);
        Assert.Equal([(3u, 7ul)], entries.Distinct());
        Assert.Equal(300, rig.Log.ResetDirtyRings().Entries);
    }

    // Known defect: DropsVcpulessWrites.
    [Fact]
    public void With_rings_alone_they_are_dropped_by_kvm_with_a_warning_and_kept_here()
    {
        foreach (KvmFidelity fidelity in (KvmFidelity[])[KvmFidelity.Faithful, KvmFidelity.DropsVcpulessWrites])
        {
            using var kvm = new KvmRig(fidelity, ringEntries: 256);
            Assert.Equal(Errno.None, kvm.Log.MarkPageDirty(kvm.Slot, 7));
            Assert.Equal(new KvmLosses(0, 0, 0, 1), kvm.Log.Losses);
            var nothing = new DirtySet([]);
            Assert.Equal(0, kvm.Log.HarvestVmRing(ref nothing));
            Assert.Empty(DirtySet.Harvest(kvm.Log));
        }

        using var safe = new KvmRig(ringEntries: 256, vcpus: 2);
        Assert.Equal(Errno.None, safe.Log.MarkPageDirty(safe.Slot, 7));
        Assert.Equal(default, safe.Log.Losses);
        Assert.Empty(safe.Harvest(0));
        Assert.Equal([(3u, 7ul)], DirtySet.Harvest(safe.Log));

        // vCPU 0 pays for others.
        for (ulong page = 0; page < 256; page++)
            Assert.Equal(Errno.None, safe.Log.MarkPageDirty(safe.Slot, page));
        Assert.Equal(Errno.Busy, safe.Log.MarkPageDirty(safe.Slot, 256));
        Assert.Equal(66ul, safe.Log.KicksOfVcpu0);
        Assert.Equal(VcpuExit.DirtyRingFull, safe.Store(500, vcpu: 0));
        Assert.Equal(VcpuExit.None, safe.Store(500, vcpu: 1));
        Assert.Equal(257, DirtySet.Harvest(safe.Log).Count);
        Assert.Equal(VcpuExit.None, safe.Store(500, vcpu: 0));
    }

    [Theory]
    [InlineData(KvmFidelity.Faithful)]
    [InlineData(KvmFidelity.Safe)]
    public void With_bitmaps_beside_rings_a_write_goes_to_exactly_one_place(KvmFidelity fidelity)
    {
        using var rig = new KvmRig(fidelity, ringEntries: 256, profile: KvmProfile.Arm64, withBitmap: true);
        rig.StoreAll(1, 2);
        Assert.Equal(Errno.None, rig.Log.MarkPageDirty(rig.Slot, 7));
        GuestAction.Run(rig.Machine.Vcpus[0], _ =>
        {
            rig.Log.MarkPageDirty(rig.Slot, 8);
            return VcpuExit.None;
        });
        Assert.Equal([7ul], rig.Get());
        Assert.Equal([(3u, 1ul), (3u, 2ul), (3u, 8ul)], rig.Harvest());
        Assert.Equal(default, rig.Log.Losses);

        // The log's own harvest has both.
        rig.Log.ResetDirtyRings();
        rig.StoreAll(1);
        rig.Log.MarkPageDirty(rig.Slot, 9);
        Assert.Equal([(3u, 1ul), (3u, 9ul)], DirtySet.Harvest(rig.Log));
    }

    [Fact]
    public void Without_rings_the_bitmaps_have_all()
    {
        using var rig = new KvmRig(KvmFidelity.Faithful);
        rig.StoreAll(1);
        rig.Log.MarkPageDirty(rig.Slot, 7);
        Assert.Equal([1ul, 7], rig.Get());
        Assert.Equal(default, rig.Log.Losses);
        rig.Log.SetLogging(3, false);
        Assert.Equal(Errno.None, rig.Log.MarkPageDirty(rig.Slot, 8));
        rig.Log.SetLogging(3, true);
        Assert.Empty(rig.Get());
        Assert.Throws<ArgumentNullException>("slot", () => rig.Log.MarkPageDirty(null!, 0));
        Assert.Throws<ArgumentOutOfRangeException>("offset", () => rig.Log.MarkPageDirty(rig.Slot, 1000));
        using var others = new GuestMemory();
        Assert.Throws<ArgumentException>("slot", () => rig.Log.MarkPageDirty(others.AddSlot(0, 0, 1), 0));
    }

    [Fact]
    public void Entries_of_a_slot_whose_logging_was_turned_off_stay_in_the_ring()
    {
        using var rig = new KvmRig(ringEntries: 256);
        rig.StoreAll(1, 5001);
        Assert.Equal(Errno.None, rig.Log.SetLogging(3, false));
        Assert.Equal([(3u, 1ul), (9u, 1ul)], rig.Harvest());
        Assert.Equal(2, rig.Log.ResetDirtyRings().Entries);
        rig.StoreAll(1, 5001);
        Assert.Equal([(9u, 1ul)], rig.Harvest());
    }
}
