using System.Buffers.Binary;
using System.Numerics;
using RingKit.Memory;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>Collects pages of one slot for a batch: copies of their contents as they are now, and marks for those that are zero.</summary>
/// <remarks>A vCPU may write a page while it is copied. The page is in the log's next harvest then, and the copy, whatever it is, is replaced.</remarks>
internal sealed class BatchBuilder
{
    // Zero pages cost little, but the source wants to say now and then how far it is.
    private const int ZeroPagesForOne = 16;

    private readonly int _maximumRuns;
    private readonly byte[] _front;
    private readonly byte[] _contents;
    private PageRun _run;
    private int _runs;

    /// <summary>Makes an empty one.</summary>
    /// <param name="contentPages">How many pages with contents it holds, from 1 to <see cref="MigrationFormat.MaximumBatchPages"/>.</param>
    public BatchBuilder(int contentPages)
    {
        Capacity = contentPages;
        _maximumRuns = Math.Min(MigrationFormat.MaximumBatchRuns, (contentPages * ZeroPagesForOne) + 64);
        _front = new byte[MigrationFormat.RecordSize + (_maximumRuns * MigrationFormat.RunSize)];
        _contents = GC.AllocateUninitializedArray<byte>((contentPages * GuestPage.Size) + MigrationFormat.ChecksumSize);
    }

    /// <summary>How many pages with contents it holds.</summary>
    public int Capacity { get; }

    /// <summary>The slot of its pages; null if it is empty.</summary>
    public MemorySlot? Slot { get; private set; }

    /// <summary>Pages with contents in it.</summary>
    public int ContentPages { get; private set; }

    /// <summary>Pages in it.</summary>
    public long Pages { get; private set; }

    /// <summary>Whether it is time to send it: it is full, or might be.</summary>
    public bool IsLarge => ContentPages == Capacity || Pages >= (long)Capacity * ZeroPagesForOne || _runs + 1 == _maximumRuns;

    /// <summary>Adds pages, up to where it is full.</summary>
    /// <param name="slot">The slot: that of the pages in it, if there are any.</param>
    /// <param name="baseOffset">Page index inside the slot.</param>
    /// <param name="mask">Bit i stands for page <paramref name="baseOffset"/> + i.</param>
    /// <returns>The pages that it did not take.</returns>
    public ulong Add(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        Slot = slot;
        for (; mask != 0; mask &= mask - 1)
        {
            ulong offset = baseOffset + (uint)BitOperations.TrailingZeroCount(mask);
            if (!TryAdd(slot.Memory, offset))
                break;
            Pages++;
        }

        return mask;
    }

    /// <summary>Finishes the batch.</summary>
    /// <param name="sequence">The record's number.</param>
    /// <param name="front">The record and its runs.</param>
    /// <param name="rest">The contents and the checksum.</param>
    public void Finish(ulong sequence, out ReadOnlyMemory<byte> front, out ReadOnlyMemory<byte> rest)
    {
        EndRun();
        new RecordHeader(RecordKind.Batch, Slot!.Id, (uint)_runs, (uint)ContentPages, sequence).Write(_front);
        int runs = _runs * MigrationFormat.RunSize, contents = ContentPages * GuestPage.Size;
        uint checksum = Crc32C.Append(Crc32C.Empty, _front.AsSpan(MigrationFormat.RecordSize, runs));
        checksum = Crc32C.Append(checksum, _contents.AsSpan(0, contents));
        BinaryPrimitives.WriteUInt32LittleEndian(_contents.AsSpan(contents), checksum);
        front = _front.AsMemory(0, MigrationFormat.RecordSize + runs);
        rest = _contents.AsMemory(0, contents + MigrationFormat.ChecksumSize);
    }

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        Slot = null;
        _run = default;
        _runs = ContentPages = 0;
        Pages = 0;
    }

    private bool TryAdd(NativeView<byte> memory, ulong offset)
    {
        ReadOnlySpan<byte> page = memory.Slice((nuint)offset << GuestPage.Shift, GuestPage.Size).AsSpan();
        bool isZero = !page.ContainsAnyExcept((byte)0);
        if (!isZero && ContentPages == Capacity)
            return false;

        bool extends = _run.Count != 0 && _run.IsZero == isZero && _run.Offset + _run.Count == offset;
        if (!extends && _run.Count != 0 && _runs + 1 == _maximumRuns)
            return false;
        if (!isZero)
            page.CopyTo(_contents.AsSpan(ContentPages++ * GuestPage.Size));
        if (extends)
        {
            _run = _run with { Count = _run.Count + 1 };
            return true;
        }

        EndRun();
        _run = new PageRun(offset, 1, isZero);
        return true;
    }

    private void EndRun()
    {
        if (_run.Count == 0)
            return;
        _run.Write(_front.AsSpan(MigrationFormat.RecordSize + (_runs++ * MigrationFormat.RunSize)));
        _run = default;
    }
}
