using FsCheck.Fluent;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging.Memslots;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Kvm;

/// <summary>KVM_GET_DIRTY_LOG and KVM_CLEAR_DIRTY_LOG: the order of their errors, what they take, and what they lose.</summary>
public sealed class BitmapCallTests
{
    public static TheoryData<ulong, uint, Errno> Ranges => ClearRanges.Answers;

    [Fact]
    public void Errors_come_in_kvms_order()
    {
        byte[] bytes = new byte[128];
        using (var rings = new KvmRig(ringEntries: 256))
        {
            // ENXIO before anything is looked at.
            Assert.Equal(Errno.NoDevice, rings.Log.GetDirtyLog(uint.MaxValue, []));
            Assert.Equal(Errno.NoDevice, rings.Log.ClearDirtyLog(uint.MaxValue, 1, 1, []));
        }

        using var rig = new KvmRig(isLogged: false, profile: KvmProfile.X86 with { AddressSpaces = 2 });
        foreach (uint id in (uint[])[0x2_0003, 32764, 0x1_7FFC, 0xFFFF, uint.MaxValue])
        {
            Assert.Equal(Errno.Invalid, rig.Log.GetDirtyLog(id, []));
            Assert.Equal(Errno.Invalid, rig.Log.ClearDirtyLog(id, 0, 64, bytes));
        }

        // A first page within a word, even of a slot that is not there; then the slot; then its bitmap; then the range; then the bytes.
        foreach (uint id in (uint[])[4, 32763, 0x1_0003, 3])
        {
            Assert.Equal(Errno.NoEntry, rig.Log.GetDirtyLog(id, []));
            Assert.Equal(Errno.Invalid, rig.Log.ClearDirtyLog(id, 1, 63, []));
            Assert.Equal(Errno.NoEntry, rig.Log.ClearDirtyLog(id, 64, 63, []));
        }

        Assert.Equal(Errno.None, rig.Log.SetLogging(3, true));
        Assert.Equal(Errno.Invalid, rig.Log.ClearDirtyLog(3, 64, 63, []));
        Assert.Equal(Errno.BadAddress, rig.Log.ClearDirtyLog(3, 64, 64, bytes.AsSpan(0, 7)));
        Assert.Equal(Errno.BadAddress, rig.Log.GetDirtyLog(3, bytes.AsSpan(1)));
        Assert.Equal(Errno.None, rig.Log.GetDirtyLog(3, bytes));
        Assert.Equal(Errno.Invalid, rig.Log.ResetDirtyRings().Error);
        Assert.Equal(Errno.Invalid, rig.Log.ResetDirtyRing(0).Error);
    }

    [Fact]
    public void A_slot_that_the_machine_has_removed_is_not_there()
    {
        using var rig = new KvmRig();
        rig.StoreAll(1);
        Assert.Equal(Errno.None, rig.Machine.RemoveSlot(rig.Slot));
        Assert.Equal(Errno.NoEntry, rig.Log.GetDirtyLog(3, new byte[128]));
        Assert.Equal(Errno.Invalid, rig.Log.ClearDirtyLog(3, 1, 64, []));
        Assert.Equal(Errno.NoEntry, rig.Log.ClearDirtyLog(3, 0, 64, []));
        Assert.Equal(Errno.Invalid, rig.Log.SetLogging(3, false));
        Assert.Equal(Errno.None, rig.Machine.RestoreSlot(rig.Slot));
        Assert.Equal(Errno.None, rig.Log.GetDirtyLog(3, new byte[128]));
    }

    // In automatic mode: it does not matter.
    [Theory]
    [MemberData(nameof(Ranges))]
    public void Ranges_of_a_clear_are_answered_as_kvm_does(ulong first, uint count, Errno answer)
    {
        foreach (KvmFidelity fidelity in (KvmFidelity[])[KvmFidelity.Safe, KvmFidelity.Faithful])
        {
            using var rig = new KvmRig(fidelity);
            rig.StoreAll(0, 999);
            Assert.Equal(answer, rig.Log.ClearDirtyLog(3, first, count, new byte[128]));
            Assert.Equal([0ul, 999], rig.Get());
        }
    }

    // Known defect: BadAddressLosesPages.
    [Theory]
    [InlineData(KvmFidelity.Faithful)]
    [InlineData(KvmFidelity.BadAddressLosesPages)]
    [InlineData(KvmFidelity.Safe)]
    [InlineData(KvmFidelity.Faithful & ~KvmFidelity.BadAddressLosesPages)]
    public void A_fetch_into_memory_that_cannot_have_it_loses_the_pages_in_kvm_and_keeps_them_here(KvmFidelity fidelity)
    {
        bool loses = (fidelity & KvmFidelity.BadAddressLosesPages) != KvmFidelity.Safe;
        using var rig = new KvmRig(fidelity);
        rig.StoreAll(5, 64, 999);
        Assert.Equal(Errno.BadAddress, rig.Log.GetDirtyLog(3, new byte[127]));
        Assert.Equal(loses ? [] : [5ul, 64, 999], rig.Get());
        Assert.Equal(new KvmLosses(0, 0, loses ? 3ul : 0, 0), rig.Log.Losses);

        // They are protected at least: what is written again is seen again.
        rig.StoreAll(5);
        Assert.Equal([5ul], rig.Get());

        // A manual fetch takes nothing, and so loses nothing.
        rig.Log.EnableCap(KvmCapability.ManualDirtyLogProtect2, 1);
        rig.StoreAll(6);
        Assert.Equal(Errno.BadAddress, rig.Log.GetDirtyLog(3, new byte[127]));
        Assert.Equal([6ul], rig.Get());
        Assert.Equal(loses ? 3ul : 0, rig.Log.Losses.UnfetchedPages);
    }

    [Fact]
    public void Logging_that_is_turned_off_and_on_discards()
    {
        using var rig = new KvmRig();
        rig.StoreAll(1, 2, 5001);
        Assert.Equal(Errno.None, rig.Log.SetLogging(3, true));
        Assert.Equal([1ul, 2], rig.Get());
        rig.StoreAll(1, 2);
        Assert.Equal(Errno.None, rig.Log.SetLogging(3, false));
        Assert.Equal(Errno.NoEntry, rig.Log.GetDirtyLog(3, new byte[128]));
        rig.StoreAll(3);
        Assert.Equal(Errno.None, rig.Log.SetLogging(3, true));
        Assert.Empty(rig.Get());
        rig.StoreAll(2, 3);
        Assert.Equal([2ul, 3], rig.Get());
        Assert.Equal([1ul], rig.Get(9));
    }

    [Fact]
    public void Initially_all_set_calls_exactly_all_pages_dirty_when_logging_starts()
    {
        using var rig = new KvmRig(manual: 3, isLogged: false);
        rig.Log.SetLogging(3, true);
        byte[] bytes = [.. Enumerable.Repeat((byte)0xEE, 136)];
        Assert.Equal(Errno.None, rig.Log.GetDirtyLog(3, bytes));
        Assert.Equal(1000, KvmBytes.Pages(bytes.AsSpan(0, 128)).Count);
        Assert.Equal(0xFF_FFFF_FFFFul, BitConverter.ToUInt64(bytes, 120));
        Assert.All(bytes[128..], value => Assert.Equal(0xEE, value));

        // What was never written counts as dirty, until it is cleared; what is cleared is tracked from then on.
        Assert.Equal(Errno.None, rig.Clear(0, 1000, Enumerable.Range(0, 1000).Select(page => (ulong)page)));
        Assert.Empty(rig.Get());
        rig.StoreAll(77);
        Assert.Equal([77ul], rig.Get());
    }

    [Fact]
    public void P11_a_manual_fetch_can_be_repeated_and_an_automatic_one_has_nothing_left() => Props.Check(
        Prop.ForAll<ushort[]>(stores =>
        {
            ulong[] pages = [.. stores.Select(store => store % 1000ul)];
            ulong[] expected = [.. pages.Distinct().Order()];
            using var manual = new KvmRig(manual: 1);
            using var automatic = new KvmRig();
            manual.StoreAll(pages);
            automatic.StoreAll(pages);
            return manual.Get().SequenceEqual(expected) && manual.Get().SequenceEqual(expected)
                && automatic.Get().SequenceEqual(expected) && automatic.Get().Count == 0;
        }),
        nameof(P11_a_manual_fetch_can_be_repeated_and_an_automatic_one_has_nothing_left),
        maxTest: 50);

    [Fact]
    public void P12_a_clear_takes_exactly_what_is_wanted_and_set_and_protects_just_that() => Props.Check(
        Prop.ForAll<(ushort[], ushort[]), (byte, byte)>((pages, range) =>
        {
            ulong[] stores = [.. pages.Item1.Select(page => page % 1000ul)];
            ulong first = (range.Item1 % 16u) * 64;
            uint count = Math.Min((range.Item2 % 4u) * 64, 1000 - (uint)first);
            ulong[] wanted = [.. pages.Item2.Select(page => first + (page % Math.Max(count, 1u))).Where(_ => count != 0)];
            using var rig = new KvmRig(manual: 1);
            rig.StoreAll(stores);
            HashSet<ulong> live = [.. stores];
            HashSet<ulong> taken = [.. wanted.Where(live.Contains)];
            Assert.Equal(Errno.None, rig.Clear(first, count, wanted));
            live.ExceptWith(taken);
            Assert.Equal(live.Order(), rig.Get());

            // Those that were taken fault once more when they are written, the others not.
            ulong faults = rig.Log.Statistics.Faults;
            rig.StoreAll(stores.Distinct());
            Assert.Equal((ulong)taken.Count, rig.Log.Statistics.Faults - faults);
            live.UnionWith(taken);
            return rig.Get().SequenceEqual(live.Order());
        }),
        nameof(P12_a_clear_takes_exactly_what_is_wanted_and_set_and_protects_just_that),
        maxTest: 60);

    [Fact]
    public void Fetches_bring_in_what_processors_have_recorded_by_themselves()
    {
        using var rig = new KvmRig(
            tdp: new TdpOptions { LogMethod = TdpLogMethod.ModificationLog }, profile: KvmProfile.X86 with { HardwareLogEntries = 512 });
        var program = new StoreAndLook(rig);
        Assert.Equal(VcpuExit.Halted, rig.Machine.Vcpus[0].Run(ref program));
    }

    // In the guest, so that nothing has left the processor's log yet.
    private readonly struct StoreAndLook(KvmRig rig) : IGuestProgram
    {
        public VcpuExit Step(Vcpu vcpu)
        {
            Assert.Equal(VcpuExit.None, vcpu.Store(7ul << 12, 1ul));
            Assert.Equal([7ul], rig.Get());
            return VcpuExit.Halted;
        }
    }
}
