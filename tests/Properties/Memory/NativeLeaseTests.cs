using System.Runtime.CompilerServices;
using RingKit.DirtyRings;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Memory;

/// <summary>Who keeps memory, for how long, and that it goes back in the end.</summary>
[Collection(RunAlone.Name)]
public sealed class NativeLeaseTests
{
    private const int Rounds = 12;
    private const int Bytes = 32 << 20;

    [Fact]
    public void A_ring_over_a_disposed_block_works_until_it_is_disposed_itself()
    {
        var block = new NativeBlock<DirtyGfn>(4);
        var ring = new DirtyRing(block.View, reservedEntries: 0);
        ring.Producer.TryPush(1, 10);
        block.Dispose();
        Churn();

        ring.Producer.TryPush(1, 11);
        var destination = new DirtyGfn[4];
        Assert.Equal(2, ring.Harvester.Harvest(destination));
        Assert.Equal([10UL, 11UL], destination[..2].Select(entry => entry.Offset));
        var target = new SlotCounter();
        Assert.Equal(2, ring.Resetter.Reset(ref target).Entries);

        ring.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ring.Producer.TryPush(1, 12));
    }

    [Fact]
    public void A_ring_over_a_slice_keeps_the_whole_block()
    {
        var block = new NativeBlock<DirtyGfn>(16);
        using var ring = new DirtyRing(block.View.Slice(8, 4), reservedEntries: 0);
        block.Dispose();
        Churn();
        Assert.Equal(PushResult.Pushed, ring.Producer.TryPush(1, 10));
        Assert.Equal(1, ring.Harvester.Harvest(new DirtyGfn[4]));
    }

    [Fact]
    public void A_view_of_a_disposed_block_carries_no_structure()
    {
        var block = new NativeBlock<DirtyGfn>(4);
        NativeView<DirtyGfn> view = block.View;
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(() => view.Lease());
        Assert.Throws<ObjectDisposedException>(() => new DirtyRing(view, reservedEntries: 0));
    }

    [Fact]
    public void A_disposed_block_gives_no_view_though_a_ring_keeps_its_memory()
    {
        var block = new NativeBlock<DirtyGfn>(4);
        using var ring = new DirtyRing(block.View, reservedEntries: 0);
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(() => block.View.Length);
        Assert.Throws<ObjectDisposedException>(() => block[0]);
        Assert.Equal(PushResult.Pushed, ring.Producer.TryPush(1, 1));
    }

    [Fact]
    public void A_view_from_before_carries_a_second_structure_while_a_first_keeps_the_memory()
    {
        var block = new NativeBlock<DirtyGfn>(4);
        NativeView<DirtyGfn> view = block.View;
        var first = new DirtyRing(view, reservedEntries: 0);
        block.Dispose();
        using var second = new DirtyRing(view, reservedEntries: 0);
        first.Dispose();
        Churn();
        Assert.Equal(PushResult.Pushed, second.Producer.TryPush(1, 10));
        Assert.Equal(1, second.Harvester.Harvest(new DirtyGfn[4]));
    }

    [Fact]
    public unsafe void A_lease_on_foreign_memory_does_nothing()
    {
        ulong word = 5;
        NativeLease lease = NativeView.DangerousCreate<ulong>(&word, 1).Lease();
        lease.Dispose();
        lease.Dispose();
        Assert.Equal(5UL, word);
    }

    [Fact]
    public void Disposing_a_lease_twice_gives_one_reference_back()
    {
        var block = new NativeBlock<ulong>(4);
        NativeLease first = block.View.Lease();
        using NativeLease second = block.View.Lease();
        NativeView<ulong> view = block.View;
        view[3] = 7;
        first.Dispose();
        first.Dispose();
        block.Dispose();
        Churn();
        Assert.Equal(7UL, view[3]);
    }

    [Fact]
    public void A_lease_of_its_own_is_zeroed_and_aligned_memory()
    {
        using NativeLease lease = NativeLease.Allocate(100, 4096, out NativeView<ulong> view);
        Churn();
        Assert.Equal((nuint)100, view.Length);
        Assert.Equal(-1, view.AsSpan().IndexOfAnyExcept(0UL));
    }

    [Fact]
    public void Memory_goes_back_when_block_and_leases_are_disposed() => AssertGoesBack(() =>
    {
        var block = new NativeBlock<byte>(Bytes);
        NativeLease lease = block.View.Lease();
        Touch(block.View);
        block.Dispose();
        lease.Dispose();
    });

    [Fact]
    public void Memory_goes_back_when_everyone_forgets_to_dispose() => AssertGoesBack(() =>
    {
        Forget();
        GC.Collect();
        GC.WaitForPendingFinalizers();

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Forget()
        {
            var block = new NativeBlock<byte>(Bytes);
            Touch(block.View);
            Assert.NotNull(block.View.Lease());
        }
    });

    private static void AssertGoesBack(Action round)
    {
        long before = Environment.WorkingSet;
        for (int i = 0; i < Rounds; i++)
            round();
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, (long)Rounds * Bytes / 2);
    }

    // Freed memory would be taken again, and overwritten, by allocations of the same sizes.
    private static void Churn()
    {
        for (nuint length = 1; length <= 32; length++)
        {
            for (int i = 0; i < 8; i++)
            {
                using var other = new NativeBlock<DirtyGfn>(length);
                other.View.AsSpan().Fill(new DirtyGfn { Flags = 99, Slot = 99, Offset = 99 });
            }
        }
    }

    private static void Touch(NativeView<byte> view)
    {
        for (nuint at = 0; at < view.Length; at += 4096)
            view[at] = 1;
    }

    private struct SlotCounter : RingKit.DirtyRings.Resetting.IResetTarget
    {
        public readonly ulong PagesIn(uint slot) => 1000;

        public readonly void Reset(uint slot, ulong baseOffset, ulong mask)
        {
        }
    }
}
