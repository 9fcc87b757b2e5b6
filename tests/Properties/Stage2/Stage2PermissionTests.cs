using RingKit.Mmu;
using RingKit.Mmu.Stage2;
using Xunit;
using static RingKit.Mmu.Stage2.Stage2Protection;
using static RingKit.Properties.Stage2.Stage2Layout;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2;

/// <summary>Permission and age of leaves: taken away in ranges, and given back to one.</summary>
public sealed class Stage2PermissionTests
{
    [Fact]
    public void A_word_of_the_bitmap_protects_its_span_on_arm64_and_its_bits_on_x86()
    {
        const ulong Mask = (1UL << 3) | (1UL << 10) | (1UL << 63);
        using (Stage2Machine machine = Pages())
        {
            Assert.Equal(Errno.None, machine.Table.WriteProtectSpan(ref machine.Thread, Base, Mask & ~(1UL << 63), out ulong changed));
            Assert.Equal(8UL, changed);
            Assert.Equal(0x7F8UL, Protected(machine));
        }

        using (Stage2Machine machine = Pages())
        {
            Assert.Equal(Errno.None, machine.Table.WriteProtectExact(ref machine.Thread, Base, Mask | 0x10, out ulong changed));
            Assert.Equal(4UL, changed);
            Assert.Equal(Mask | 0x10, Protected(machine));
            Assert.Equal(Errno.None, machine.Table.WriteProtectExact(ref machine.Thread, Base, ulong.MaxValue, out changed));
            Assert.Equal(60UL, changed);
            Assert.Equal(Errno.None, machine.Table.WriteProtectExact(ref machine.Thread, Base, 0, out changed));
            Assert.Equal(Errno.None, machine.Table.WriteProtectSpan(ref machine.Thread, Base, 0, out changed));
            Assert.Equal(0UL, changed);
        }

        using (Stage2Machine machine = FourBlocks())
        {
            // 64 pages that reach into two blocks take the permission of both, as a whole.
            Assert.Equal(Errno.None, machine.Table.WriteProtectSpan(ref machine.Thread, Base + Block - (32 * Page), ulong.MaxValue, out ulong changed));
            Assert.Equal(2UL, changed);
            Assert.False(machine.Table.Walk(Base).Descriptor.IsWritable);
            Assert.True(machine.Table.Walk(Base + (2 * Block)).Descriptor.IsWritable);
            Assert.Equal(Errno.Range, machine.Table.WriteProtectExact(ref machine.Thread, (1UL << 40) - Page, 3, out changed));
            Assert.Equal(0UL, changed);
        }
    }

    [Fact]
    public void A_permission_that_is_regained_is_invalidated_in_one_vcpu_alone()
    {
        using Stage2Machine machine = FourBlocks(ReadOnly);
        Assert.Equal(2, machine.Access(0, Base, write: true));
        Assert.Equal(2, machine.Access(1, Base, write: true));
        Assert.Equal(Errno.None, machine.Table.Relax(ref machine.Thread, Base + 0x5000, Write));
        CheckCounts(machine, byIpa: 0, byRange: 0, local: 1);
        Assert.Equal(-1, machine.Access(0, Base, write: true));

        // The other one faults once more, finds it done, and drops what it has.
        Assert.Equal(2, machine.Access(1, Base, write: true));
        MaintainingThread other = machine.Maintenance.ThreadOf(1);
        Assert.Equal(Errno.None, machine.Table.Relax(ref other, Base, Write));
        Assert.Equal(-1, machine.Access(1, Base, write: true));

        Assert.Equal(Errno.None, machine.Table.Relax(ref machine.Thread, Base, KernelExecute));
        Assert.Equal(Stage2Execute.KernelOnly, machine.Table.Walk(Base).Descriptor.Execute);
        Assert.Equal(Errno.None, machine.Table.Relax(ref machine.Thread, Base, UserExecute));
        Assert.Equal(Stage2Execute.Everywhere, machine.Table.Walk(Base).Descriptor.Execute);
        Assert.Equal(Errno.Again, machine.Table.Relax(ref machine.Thread, Base + (5 * Block), Write));
        Assert.Equal(Errno.Invalid, machine.Table.Relax(ref machine.Thread, Base, Device));
        Assert.Equal(Errno.Range, machine.Table.Relax(ref machine.Thread, ulong.MaxValue, Write));
        machine.CheckRules();
    }

    [Fact]
    public void Age_is_counted_and_comes_back_without_an_invalidation()
    {
        using Stage2Machine machine = FourBlocks();
        Assert.Equal(Errno.None, machine.Table.ClearYoung(ref machine.Thread, Base, 4 * Block, out ulong young));
        Assert.Equal(4UL, young);
        Assert.Equal(2, machine.Access(0, Base, write: false));
        Assert.Equal(Errno.None, machine.Table.SetYoung(ref machine.Thread, Base + 0x1000));
        Assert.Equal(-1, machine.Access(0, Base, write: true));
        Assert.Equal(Errno.None, machine.Table.ClearYoung(ref machine.Thread, Base, 4 * Block, out young));
        Assert.Equal(1UL, young);
        Assert.Equal(Errno.Again, machine.Table.SetYoung(ref machine.Thread, 0));
        Assert.Equal(Errno.Range, machine.Table.SetYoung(ref machine.Thread, 1UL << 40));
        CheckCounts(machine, byIpa: 0, byRange: 0, local: 0);
        machine.CheckRules();
    }

    private static ulong Protected(Stage2Machine machine)
    {
        ulong mask = 0;
        for (int i = 0; i < 64; i++)
            mask |= machine.Table.Walk(Base + ((ulong)i * Page)).Descriptor.IsWritable ? 0 : 1UL << i;
        return mask;
    }
}
