using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Ordering;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>Golden cases of reset coalescing. <c>RINGKIT_RESET_VECTORS</c> names another file to run instead of the one in the tree.</summary>
public sealed class ResetVectors
{
    private const string PathVariable = "RINGKIT_RESET_VECTORS";

    [Fact]
    public void A_ring_resets_every_case_as_recorded()
    {
        List<ResetVector> vectors = ReadVectors(out string path);
        for (int i = 0; i < vectors.Count; i++)
        {
            int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)vectors[i].Entries.Length + 1);
            using var ring = new DirtyRing(capacity, reservedEntries: 0);
            AssertCase(path, i + 1, vectors[i], ThroughRing(vectors[i].Entries, CoreOf(ring), out int count), count);

            // Once more, laid across the end of the ring's memory and of the 32-bit indices.
            using var rig = new RingRig(capacity, reserve: 0, uint.MaxValue - ((uint)vectors[i].Entries.Length / 2));
            AssertCase(path, i + 1, vectors[i], ThroughRing(vectors[i].Entries, rig.Core, out count), count);
        }

        Report.Line($"ResetVectors: {vectors.Count} cases of {path} ran through a ring.");
    }

    [Fact]
    public void The_coalescer_alone_joins_every_case_as_recorded()
    {
        List<ResetVector> vectors = ReadVectors(out string path);
        for (int i = 0; i < vectors.Count; i++)
            AssertCase(path, i + 1, vectors[i], ThroughCoalescer(vectors[i].Entries), vectors[i].Entries.Length);

        Report.Line($"ResetVectors: {vectors.Count} cases of {path} ran through the coalescer.");
    }

    [Fact]
    public void The_reference_joins_every_case_as_recorded()
    {
        // Other tests trust the reference; this is why they may.
        List<ResetVector> vectors = ReadVectors(out string path);
        for (int i = 0; i < vectors.Count; i++)
        {
            List<ReferenceBatch> batches = ReferenceCoalescer.Coalesce(vectors[i].Entries);
            AssertCase(path, i + 1, vectors[i], [.. batches.Select(batch => batch.Batch)], batches.Sum(batch => batch.End - batch.Start));
        }
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains(
            "no-such-vectors.jsonl",
            Assert.Throws<FileNotFoundException>(() => ResetVectorFile.Read("no-such-vectors.jsonl")).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"entries":[],"resets":[]}""")]
    [InlineData("""{"entries":[[1]],"resets":[],"count":1}""")]
    [InlineData("""{"entries":[[1,7]],"resets":[],"count":1}""")]
    [InlineData("""{"entries":[[1,"-7"]],"resets":[],"count":1}""")]
    [InlineData("""{"entries":[[-1,"7"]],"resets":[],"count":1}""")]
    [InlineData("""{"entries":[],"resets":[[1,"7","xyz"]],"count":0}""")]
    [InlineData("""{"entries":[],"resets":[[1,"7","11111111111111111"]],"count":0}""")]
    public void A_malformed_line_is_named(string line)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, """{"entries":[[1,"7"]],"resets":[[1,"7","1"]],"count":1}""" + "\n" + line + "\n");
            string message = Assert.Throws<InvalidDataException>(() => ResetVectorFile.Read(path)).Message;
            Assert.Contains($"{path}, line 2", message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void An_empty_file_is_a_failure()
    {
        string path = Path.GetTempFileName();
        try
        {
            Assert.Contains(path, Assert.Throws<InvalidDataException>(() => ResetVectorFile.Read(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static List<ResetVector> ReadVectors(out string path)
    {
        path = Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } other
            ? other
            : Path.Combine(AppContext.BaseDirectory, "DirtyRings", "reset-vectors.jsonl");
        return ResetVectorFile.Read(path);
    }

    private static List<ResetBatch> ThroughRing(
        (uint Slot, ulong Offset)[] entries, DirtyRingCore<HardwareOrdering> core, out int count)
    {
        var producer = new DirtyRingProducer(core);
        foreach ((uint slot, ulong offset) in entries)
            Assert.NotEqual(PushResult.Full, producer.TryPush(slot, offset));
        Assert.Equal(entries.Length, new DirtyRingHarvester(core).Harvest(new DirtyGfn[core.Capacity]));

        var recorder = new BatchRecorder([]);
        ResetResult result = core.Reset<BatchRecorder, RecordEverything>(ref recorder, int.MaxValue);
        Assert.Equal(recorder.Batches.Count, result.Batches);
        count = result.Entries;
        return recorder.Batches;
    }

    // The public reset checks ranges, and the golden cases are from before that check.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_core")]
    private static extern ref readonly DirtyRingCore<HardwareOrdering> CoreOf(DirtyRing ring);

    private static List<ResetBatch> ThroughCoalescer((uint Slot, ulong Offset)[] entries)
    {
        var batches = new List<ResetBatch>();
        ResetCoalescer coalescer = default;
        foreach ((uint slot, ulong offset) in entries)
        {
            if (coalescer.TryAdd(slot, offset))
                continue;
            if (!coalescer.IsEmpty)
                batches.Add(coalescer.Batch);
            coalescer.Restart(slot, offset);
        }

        if (!coalescer.IsEmpty)
            batches.Add(coalescer.Batch);
        return batches;
    }

    private static void AssertCase(string path, int line, ResetVector expected, List<ResetBatch> resets, int count)
    {
        for (int i = 0; i < Math.Min(resets.Count, expected.Resets.Length); i++)
        {
            Assert.True(
                resets[i] == expected.Resets[i], $"{path}, line {line}, reset {i}: {resets[i]}, and should be {expected.Resets[i]}.");
        }

        Assert.True(
            resets.Count == expected.Resets.Length, $"{path}, line {line}: {resets.Count} resets, and should be {expected.Resets.Length}.");
        Assert.True(count == expected.Count, $"{path}, line {line}: {count} entries, and should be {expected.Count}.");
    }
}
