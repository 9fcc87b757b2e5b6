using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>What stores to bytes promise on the model of memory, and what they do not: the hazards that the byte map lives with.</summary>
public sealed class ByteOrder
{
    [Fact]
    public void Who_acquires_a_byte_has_what_was_released_with_the_stores_before()
    {
        // Two writers of one byte: the reader sees the second one's store, and so the first one's data.
        ModelProgram<Shared> program = Of(
            "two writers, one reader",
            s => Store(ref s.Words[0], ref s.Bytes[0]),
            s =>
            {
                while (O.LoadAcquire(ref s.Bytes[0]) != 1)
                    O.Pause();
                O.StoreRelease(ref s.Bytes[0], 2);
            },
            s =>
            {
                if (O.LoadAcquire(ref s.Bytes[0]) == 2)
                    Assert.Equal(1ul, O.LoadRelaxed(ref s.Words[0]));
            });
        Assert.True(Explorer.Explore(program).ThrowIfFailed().IsComplete);
    }

    [Fact]
    public void A_harvest_that_makes_a_fence_behind_its_store_loses_nothing() =>
        Assert.True(Explorer.Explore(Harvest(withFence: true)).ThrowIfFailed().IsComplete);

    [Fact]
    public void A_harvest_without_the_fence_loses_a_store_though_it_acquires() => Litmus.Fails(Harvest(withFence: false), FailureKind.Assertion);

    [Fact]
    public void A_marker_that_looks_first_loses_a_store()
    {
        ModelProgram<Shared> program = Of(
            "marks unless dirty",
            s =>
            {
                Store(ref s.Words[0], ref s.Bytes[0]);
                O.StoreRelaxed(ref s.Words[0], 2);
                if (O.LoadAcquire(ref s.Bytes[0]) == 0)
                    O.StoreRelease(ref s.Bytes[0], 1);
            },
            s => HarvestOnce(s, withFence: true));
        Litmus.Fails(program, FailureKind.Assertion);
    }

    private static ModelProgram<Shared> Harvest(bool withFence) => Of(
        "two stores and a harvest",
        s =>
        {
            Store(ref s.Words[0], ref s.Bytes[0]);
            O.StoreRelaxed(ref s.Words[0], 2);
            O.StoreRelease(ref s.Bytes[0], 1);
        },
        s => HarvestOnce(s, withFence));

    private static void HarvestOnce(Shared s, bool withFence)
    {
        if (O.LoadAcquire(ref s.Bytes[0]) == 0)
            return;
        O.StoreRelaxed(ref s.Bytes[0], 0);
        if (withFence)
            O.FullFence();
        s.Copy = O.LoadRelaxed(ref s.Words[0]);
    }

    private static void Store(ref ulong word, ref byte mark)
    {
        O.StoreRelaxed(ref word, 1);
        O.StoreRelease(ref mark, 1);
    }

    // In the end a page that is clean has been copied as it is.
    private static ModelProgram<Shared> Of(string name, params Action<Shared>[] threads) => new(name, () => new Shared(), threads)
    {
        Finally = s => Assert.True(s.Bytes[0] != 0 || s.Copy == s.Words[0], $"the copy is {s.Copy}, the page {s.Words[0]}, and clean"),
    };

    private sealed class Shared
    {
        public byte[] Bytes { get; } = GC.AllocateArray<byte>(8, pinned: true);

        public ulong[] Words { get; } = GC.AllocateArray<ulong>(1, pinned: true);

        public ulong Copy { get; set; }
    }
}
