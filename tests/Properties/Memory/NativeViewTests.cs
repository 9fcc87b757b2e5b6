using System.Runtime.InteropServices;
using RingKit.Bitmaps;
using RingKit.DirtyRings;
using RingKit.Memory;
using Xunit;

namespace RingKit.Properties.Memory;

public sealed unsafe class NativeViewTests
{
    [Fact]
    public void A_view_reads_and_writes_the_memory_itself()
    {
        uint* memory = stackalloc uint[4];
        NativeView<uint> view = NativeView.DangerousCreate<uint>(memory, 4);
        view[3] = 7;
        memory[1] = 8;
        Assert.Equal((7u, 8u), (memory[3], view[1]));
        Assert.Equal((4u, (nuint)memory), (view.Length, (nuint)view.DangerousPointer));
        Assert.Equal([memory[0], 8u, memory[2], 7u], view.AsSpan().ToArray());
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(-1)]
    public void An_element_out_of_bounds_is_refused(int asked)
    {
        using var block = new NativeBlock<uint>(5);
        NativeView<uint> view = block.View;
        Assert.Throws<ArgumentOutOfRangeException>("index", () => view[(nuint)asked]);
        Assert.Throws<ArgumentOutOfRangeException>("index", () => default(NativeView<uint>)[0]);
    }

    [Fact]
    public void A_slice_is_a_part_in_place()
    {
        using var block = new NativeBlock<uint>(5);
        NativeView<uint> slice = block.View.Slice(2, 2);
        slice[1] = 6;
        Assert.Equal(6u, block[3]);
        Assert.Equal((nuint)2, slice.Length);
        Assert.Throws<ArgumentOutOfRangeException>("index", () => slice[2]);
        Assert.Equal((nuint)0, block.View.Slice(5, 0).Length);
        Assert.Equal((nuint)5, block.View.Slice(0, 5).Length);
    }

    [Fact]
    public void A_slice_out_of_bounds_names_what_is_wrong()
    {
        using var block = new NativeBlock<uint>(5);
        NativeView<uint> view = block.View;
        Assert.Throws<ArgumentOutOfRangeException>("start", () => view.Slice(6, 0));
        Assert.Throws<ArgumentOutOfRangeException>("start", () => view.Slice(nuint.MaxValue, 1));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => view.Slice(0, 6));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => view.Slice(5, 1));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => view.Slice(2, nuint.MaxValue));
    }

    [Fact]
    public void A_view_too_long_for_a_span_says_so()
    {
        // Nothing is behind this view, and nothing may be read.
        NativeView<byte> view = NativeView.DangerousCreate<byte>((void*)4096, (nuint)1 << 31);
        Assert.Throws<InvalidOperationException>(() => view.AsSpan().Length);
        Assert.Equal(int.MaxValue, view.Slice(0, int.MaxValue).AsSpan().Length);
    }

    [Fact]
    public void A_null_pointer_is_for_empty_views_only()
    {
        Assert.Equal((nuint)0, NativeView.DangerousCreate<uint>(null, 0).Length);
        Assert.Throws<ArgumentNullException>("pointer", () => NativeView.DangerousCreate<uint>(null, 1).Length);
    }

    [Fact]
    public void A_misaligned_pointer_is_refused()
    {
        for (nuint shift = 0; shift < 16; shift++)
        {
            AssertAlignment<byte>(shift, 1);
            AssertAlignment<ushort>(shift, 2);
            AssertAlignment<uint>(shift, 4);
            AssertAlignment<ulong>(shift, 8);
            AssertAlignment<DirtyGfn>(shift, 8);
        }

        static void AssertAlignment<T>(nuint shift, nuint alignment)
            where T : unmanaged
        {
            if (shift % alignment == 0)
                Assert.Equal((nuint)1, NativeView.DangerousCreate<T>((void*)(4096 + shift), 1).Length);
            else
                Assert.Throws<ArgumentException>("pointer", () => NativeView.DangerousCreate<T>((void*)(4096 + shift), 1).Length);
        }
    }

    [Fact]
    public void Memory_that_wraps_round_the_address_space_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(
            "length", () => NativeView.DangerousCreate<DirtyGfn>((void*)4096, nuint.MaxValue).Length);
        Assert.Throws<ArgumentOutOfRangeException>(
            "length", () => NativeView.DangerousCreate<ulong>((void*)(nuint.MaxValue - 15), 2).Length);
        Assert.Equal((nuint)1, NativeView.DangerousCreate<ulong>((void*)(nuint.MaxValue - 15), 1).Length);
    }

    [Fact]
    public void A_ring_over_foreign_memory_works_in_place()
    {
        DirtyGfn* memory = (DirtyGfn*)NativeMemory.AlignedAlloc(4 * DirtyGfn.SizeInBytes, 16);
        try
        {
            new Span<DirtyGfn>(memory, 4).Clear();

            // Someone else has already published two entries here.
            memory[0] = new DirtyGfn { Flags = DirtyGfn.Dirty, Slot = 3, Offset = 30 };
            memory[1] = new DirtyGfn { Flags = DirtyGfn.Dirty, Slot = 3, Offset = 31 };
            memory[2].Offset = 12345;

            using (var ring = DirtyRing.AttachToProducer(NativeView.DangerousCreate<DirtyGfn>(memory, 4)))
            {
                Assert.Equal(12345UL, memory[2].Offset);
                var destination = new DirtyGfn[4];
                Assert.Equal(2, ring.Harvester.Harvest(destination));
                Assert.Equal([30UL, 31UL], destination[..2].Select(entry => entry.Offset));
                Assert.Equal((DirtyGfn.Reset, DirtyGfn.Reset, 0u), (memory[0].Flags, memory[1].Flags, memory[2].Flags));
            }

            using (var ring = new DirtyRing(NativeView.DangerousCreate<DirtyGfn>(memory, 2), reservedEntries: 0))
            {
                ring.Producer.TryPush(5, 50);
                Assert.Equal(new DirtyGfn { Flags = DirtyGfn.Dirty, Slot = 5, Offset = 50 }, memory[0]);
            }

            // The ring is gone and its memory is not.
            Assert.Equal(50UL, memory[0].Offset);
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    [Fact]
    public void A_cast_view_has_the_elements_that_fit_whole_and_keeps_the_memory()
    {
        NativeView<ulong> words;
        using (var block = new NativeBlock<byte>(29))
        {
            NativeView<byte> bytes = block.View;
            words = bytes.Cast<ulong>();
            words[2] = 0x0102_0304_0506_0708;
            Assert.Equal(((nuint)3, (byte)8, (byte)1), (words.Length, bytes[16], bytes[23]));
            Assert.Equal((nuint)29, words.Cast<byte>().Length + 5);
            Assert.Throws<InvalidOperationException>(() => bytes.Slice(4, 16).Cast<ulong>());
            Assert.Equal((nuint)4, bytes.Slice(4, 16).Cast<uint>().Length);
            Assert.Equal((nuint)0, bytes.Slice(0, 7).Cast<ulong>().Length);
        }

        // The owner is known: a structure over memory that is gone is refused.
        Assert.ThrowsAny<ObjectDisposedException>(() => new DirtyBitmap(words, 64));
    }
}
