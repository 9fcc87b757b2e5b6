using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RingKit.DirtyRings;
using RingKit.Memory;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>Where things lie: entries byte for byte as KVM has them, and what different threads write on separate lines.</summary>
public sealed class DirtyRingLayout
{
    // Who writes each word of the control block. A new one has to be entered here.
    private static readonly Dictionary<string, string> Writers = new(StringComparer.Ordinal)
    {
        [nameof(DirtyRingControl.DirtyIndex)] = "producer",
        [nameof(DirtyRingControl.KnownResetIndex)] = "producer",
        [nameof(DirtyRingControl.FullPushes)] = "producer",
        [nameof(DirtyRingControl.FetchIndex)] = "harvester",
        [nameof(DirtyRingControl.HarvesterKnownDirtyIndex)] = "harvester",
        [nameof(DirtyRingControl.ForgedEntries)] = "harvester",
        [nameof(DirtyRingControl.OvertakenEntries)] = "harvester",
        [nameof(DirtyRingControl.ForeignFlags)] = "harvester",
        [nameof(DirtyRingControl.ResetIndex)] = "resetter",
        [nameof(DirtyRingControl.ResetterKnownDirtyIndex)] = "resetter",
        [nameof(DirtyRingControl.ForgedResets)] = "resetter",
        [nameof(DirtyRingControl.RefusedPages)] = "resetter",
    };

    [Fact]
    public void An_entry_is_16_bytes_with_flags_slot_and_offset()
    {
        Assert.Equal(16, DirtyGfn.SizeInBytes);
        Assert.Equal(16, Unsafe.SizeOf<DirtyGfn>());
        Assert.Equal(16, Marshal.SizeOf<DirtyGfn>());
        Assert.Equal(0, Marshal.OffsetOf<DirtyGfn>(nameof(DirtyGfn.Flags)));
        Assert.Equal(4, Marshal.OffsetOf<DirtyGfn>(nameof(DirtyGfn.Slot)));
        Assert.Equal(8, Marshal.OffsetOf<DirtyGfn>(nameof(DirtyGfn.Offset)));
        Assert.Equal((1u, 2u), (DirtyGfn.Dirty, DirtyGfn.Reset));
    }

    [Fact]
    public void An_entry_in_memory_is_what_was_pushed()
    {
        using var rig = new RingRig(2);
        rig.Producer.TryPush(0x00020001, 0x0807060504030201);
        byte[] expected = [.. Little(1u), .. Little(0x00020001u), .. BitConverter.GetBytes(0x0807060504030201UL)];
        Assert.Equal(expected, MemoryMarshal.AsBytes(rig.Memory[..1]).ToArray());

        static byte[] Little(uint value) => BitConverter.GetBytes(value);
    }

    [Fact]
    public void Entries_are_equal_when_all_three_fields_are()
    {
        var entry = new DirtyGfn { Flags = 1, Slot = 2, Offset = 3 };
        Assert.True(entry == new DirtyGfn { Flags = 1, Slot = 2, Offset = 3 });
        Assert.Equal(entry.GetHashCode(), new DirtyGfn { Flags = 1, Slot = 2, Offset = 3 }.GetHashCode());
        Assert.True(entry != new DirtyGfn { Flags = 0, Slot = 2, Offset = 3 });
        Assert.True(entry != new DirtyGfn { Flags = 1, Slot = 0, Offset = 3 });
        Assert.True(entry != new DirtyGfn { Flags = 1, Slot = 2, Offset = 0 });
        Assert.False(entry.Equals("1"));
    }

    [Fact]
    public void What_different_roles_write_lies_on_different_lines()
    {
        FieldInfo[] fields = typeof(DirtyRingControl).GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        Assert.Equal(Writers.Keys.Order(StringComparer.Ordinal), fields.Select(field => field.Name).Order(StringComparer.Ordinal));

        ILookup<string, int> offsets = fields.ToLookup(
            field => Writers[field.Name], field => (int)Marshal.OffsetOf<DirtyRingControl>(field.Name), StringComparer.Ordinal);
        Assert.Equal(3, offsets.Count);
        foreach (IGrouping<string, int> role in offsets)
        {
            Assert.Single(role.Select(offset => offset / CacheLine.Separation).Distinct());
            foreach (IGrouping<string, int> other in offsets.Where(other => !ReferenceEquals(other, role)))
                Assert.True(Math.Abs(role.Min() - other.Min()) >= 128, $"{role.Key} and {other.Key} are too near each other.");
        }

        Assert.Equal(0, Unsafe.SizeOf<DirtyRingControl>() % CacheLine.Separation);
        Assert.True(CacheLine.Separation >= 128);
    }

    [Fact]
    public unsafe void Entries_and_indices_begin_on_lines_of_their_own()
    {
        using var rig = new RingRig(1);
        Assert.Equal(0u, (nuint)Unsafe.AsPointer(ref rig.Core.Control) % 128);
        Assert.Equal(0u, (nuint)Unsafe.AsPointer(ref rig.Memory[0]) % 128);
    }

    [Fact]
    public unsafe void A_ring_of_its_own_is_page_aligned_and_empty()
    {
        using var ring = new DirtyRing(256);
        ring.Producer.TryPush(1, 2);
        BorrowedEntries lent = ring.Harvester.Borrow();
        fixed (DirtyGfn* first = lent.First)
            Assert.Equal(0u, (nuint)first % (nuint)Environment.SystemPageSize);
        Assert.Equal(1, lent.Count);
    }
}
