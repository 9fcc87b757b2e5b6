using System.Buffers.Binary;
using RingKit.Memory;
using RingKit.Rings;
using Xunit;

namespace RingKit.Properties.Rings;

/// <summary>Files that are no ring, or another one, or part of one: each kind of ring says which it is, and none hangs or reads beyond the end.</summary>
public sealed class RingFiles
{
    private const int Capacity = 8;

    public static TheoryData<uint> Kinds => [SharedRingLayout.KindSpsc, SharedRingLayout.KindMpsc, SharedRingLayout.KindBroadcast];

    public static TheoryData<uint, uint> OtherKinds
    {
        get
        {
            var pairs = new TheoryData<uint, uint>();
            foreach (uint found in Kinds.Select(row => row.Data))
            {
                foreach (uint wanted in Kinds.Select(row => row.Data).Where(wanted => wanted != found))
                    pairs.Add(found, wanted);
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_file_cut_short_at_any_length(uint kind) => WithRing(kind, path =>
    {
        long whole = new FileInfo(path).Length;
        long[] lengths = [.. Enumerable.Range(1, 8).Select(n => (long)n * 64), 511, 513, whole - 1];
        foreach (long length in lengths.Where(length => length < whole).OrderDescending())
        {
            using (FileStream file = File.OpenWrite(path))
                file.SetLength(length);
            Assert.Contains(
                length < SharedRingLayout.CursorsOffset ? $"at least 512 bytes; here are {length}" : $"memory ends after {length}",
                Refused(path, kind), StringComparison.Ordinal);
        }
    });

    [Theory]
    [MemberData(nameof(OtherKinds))]
    public void A_ring_of_another_kind(uint found, uint wanted) => WithRing(found, path =>
        Assert.Equal($"The ring is of kind {found}, and was opened as kind {wanted}.", Refused(path, wanted)));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Items_of_another_size(uint kind) => WithRing(kind, path =>
        Assert.Equal("The ring's items have 24 bytes, and were opened with 8.", Refused<ulong>(path, kind)));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_header_that_is_wrong_in_one_word(uint kind)
    {
        // Zero as well as nonsense: a file that its maker had not finished has no magic yet.
        CheckRefused(kind, SharedRingLayout.MagicOffset, 0, "not with a ring's magic");
        CheckRefused(kind, SharedRingLayout.MagicOffset, 0x464c457f, "not with a ring's magic");
        CheckRefused(kind, SharedRingLayout.VersionOffset, 0, "layout version 0; known is 1");
        CheckRefused(kind, SharedRingLayout.VersionOffset, 2, "layout version 2; known is 1");
        CheckRefused(kind, SharedRingLayout.CapacityOffset, 0, "capacity of 0 is not a power of two");
        CheckRefused(kind, SharedRingLayout.CapacityOffset, Capacity - 1, "is not a power of two");
        CheckRefused(kind, SharedRingLayout.CapacityOffset, 2 * Capacity, "memory ends after");
        CheckRefused(kind, SharedRingLayout.CapacityOffset, int.MaxValue, "is not a power of two");
        CheckRefused(kind, SharedRingLayout.PolicyOffset, 3, "policy 3 is unknown");
        CheckRefused(kind, SharedRingLayout.CursorCountOffset, 5000, "cursors");
        if (kind == SharedRingLayout.KindBroadcast)
            CheckRefused(kind, SharedRingLayout.CursorCountOffset, 0, "cursors");
        else
            CheckRefused(kind, SharedRingLayout.TailOffset, 100, "tail");
    }

    // Less than what is in the ring cannot have been its capacity.
    [Theory]
    [InlineData(SharedRingLayout.KindSpsc)]
    [InlineData(SharedRingLayout.KindMpsc)]
    public void A_capacity_that_is_too_small_for_what_is_in_the_ring(uint kind) => WithRing(kind, path =>
    {
        Patch(path, SharedRingLayout.TailOffset, Capacity);
        using (Attach<Item>(path, kind))
        {
        }

        Patch(path, SharedRingLayout.CapacityOffset, Capacity / 2);
        Assert.Contains("tail", Refused(path, kind), StringComparison.Ordinal);
    });

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_file_of_something_else(uint kind)
    {
        string path = RingChild.NewPath();
        try
        {
            File.WriteAllBytes(path, []);
            Assert.Contains("is empty", Refused(path, kind), StringComparison.Ordinal);
            File.WriteAllBytes(path, [1]);
            Assert.Contains("here are 1", Refused(path, kind), StringComparison.Ordinal);
            byte[] noise = new byte[100_000];
            new Random(Seed: 3).NextBytes(noise);
            File.WriteAllBytes(path, noise);
            Assert.Contains("not with a ring's magic", Refused(path, kind), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void CheckRefused(uint kind, int offset, uint value, string reason) => WithRing(kind, path =>
    {
        Patch(path, offset, value);
        Assert.Contains(reason, Refused(path, kind), StringComparison.Ordinal);
    });

    private static void WithRing(uint kind, Action<string> test)
    {
        string path = RingChild.NewPath();
        try
        {
            nuint bytes = kind switch
            {
                SharedRingLayout.KindSpsc => SpscRing<Item>.RequiredBytes(Capacity),
                SharedRingLayout.KindMpsc => MpscRing<Item>.RequiredBytes(Capacity),
                _ => BroadcastRing<Item>.RequiredBytes(Capacity),
            };
            using (SharedMapping mapping = SharedMapping.Create(path, bytes))
            {
                using IDisposable ring = kind switch
                {
                    SharedRingLayout.KindSpsc => SpscRing<Item>.Create(mapping.View, Capacity),
                    SharedRingLayout.KindMpsc => MpscRing<Item>.Create(mapping.View, Capacity),
                    _ => BroadcastRing<Item>.Create(mapping.View, Capacity),
                };
            }

            using (Attach<Item>(path, kind))
            {
            }

            test(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static IDisposable Attach<T>(string path, uint kind)
        where T : unmanaged
    {
        using SharedMapping mapping = SharedMapping.Open(path);
        return kind switch
        {
            SharedRingLayout.KindSpsc => SpscRing<T>.Attach(mapping.View),
            SharedRingLayout.KindMpsc => MpscRing<T>.Attach(mapping.View),
            _ => BroadcastRing<T>.Attach(mapping.View),
        };
    }

    private static string Refused(string path, uint kind) => Refused<Item>(path, kind);

    private static string Refused<T>(string path, uint kind)
        where T : unmanaged => Assert.Throws<InvalidDataException>(() => Attach<T>(path, kind)).Message;

    private static void Patch(string path, int offset, uint value)
    {
        byte[] bytes = File.ReadAllBytes(path);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), value);
        File.WriteAllBytes(path, bytes);
    }
}
