using RingKit.Memory;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>A batch that has arrived whole: its checksum is right, and all of its pages are the slot's.</summary>
/// <param name="slot">The destination's slot.</param>
/// <param name="runs">The runs, as in the stream.</param>
/// <param name="contents">The pages of those that are not zero, one behind the other.</param>
internal readonly ref struct ReceivedBatch(MemorySlot slot, ReadOnlySpan<byte> runs, ReadOnlySpan<byte> contents)
{
    private readonly ReadOnlySpan<byte> _runs = runs;
    private readonly ReadOnlySpan<byte> _contents = contents;

    /// <summary>The destination's slot.</summary>
    public MemorySlot Slot => slot;

    /// <summary>The runs, as in the stream.</summary>
    public ReadOnlySpan<byte> Runs => _runs;

    /// <summary>The contents.</summary>
    public ReadOnlySpan<byte> Contents => _contents;

    /// <summary>Checks all runs before anything is made of them.</summary>
    /// <param name="slot">The destination's slot.</param>
    /// <param name="runs">The runs, as in the stream.</param>
    /// <param name="contentPages">How many pages have contents, as the batch says.</param>
    /// <param name="pages">How many pages there are.</param>
    /// <returns>What is wrong, or null; and the run that it is.</returns>
    public static (string? Fault, int Run) Check(MemorySlot slot, ReadOnlySpan<byte> runs, uint contentPages, out ulong pages)
    {
        pages = 0;
        ulong withContents = 0, end = 0;
        for (int i = 0; i * MigrationFormat.RunSize < runs.Length; i++)
        {
            if (!PageRun.TryRead(runs[(i * MigrationFormat.RunSize)..], out PageRun run))
                return ("a run has unknown flags.", i);
            if (run.Count == 0)
                return ("a run has no pages.", i);
            if (run.Offset >= slot.PageCount || run.Count > slot.PageCount - run.Offset)
                return ($"a run of {run.Count} pages from {run.Offset} on is outside slot {slot.Id}, which has {slot.PageCount} pages.", i);
            if (run.Offset < end)
                return ($"a run begins at page {run.Offset}, and the one before it ends behind that, at page {end}.", i);
            end = run.Offset + run.Count;
            pages += run.Count;
            withContents += run.IsZero ? 0 : run.Count;
        }

        return withContents == contentPages
            ? (null, 0)
            : ($"the runs have {withContents} pages with contents, the batch says {contentPages}.", 0);
    }

    /// <summary>Writes the pages.</summary>
    public void Apply()
    {
        ReadOnlySpan<byte> left = _contents;
        for (ReadOnlySpan<byte> rest = _runs; !rest.IsEmpty; rest = rest[MigrationFormat.RunSize..])
        {
            PageRun.TryRead(rest, out PageRun run);
            NativeView<byte> target = slot.Memory.Slice((nuint)run.Offset << GuestPage.Shift, (nuint)run.Count << GuestPage.Shift);
            if (run.IsZero)
            {
                Clear(target);
                continue;
            }

            ReadOnlySpan<byte> bytes = left[..(int)target.Length];
            bytes.CopyTo(target.AsSpan());
            left = left[bytes.Length..];
        }
    }

    // A page that is zero is left alone: memory that was never touched stays so.
    private static void Clear(NativeView<byte> target)
    {
        for (nuint at = 0; at < target.Length; at += GuestPage.Size)
        {
            Span<byte> page = target.Slice(at, GuestPage.Size).AsSpan();
            if (page.ContainsAnyExcept((byte)0))
                page.Clear();
        }
    }
}
