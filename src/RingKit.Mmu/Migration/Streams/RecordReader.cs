using System.Buffers.Binary;
using RingKit.Memory;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>Reads a migration stream record by record, and lets nothing through that is corrupt or does not fit the memory.</summary>
/// <param name="stream">Where it comes from.</param>
/// <param name="memory">The destination's memory, whose slots bound everything.</param>
/// <param name="cancellation">Ends a read that waits.</param>
internal sealed class RecordReader(Stream stream, GuestMemory memory, CancellationToken cancellation)
{
    private readonly StreamBytes _bytes = new(stream, cancellation);
    private MemorySlot? _slot;
    private byte[] _body = [];
    private int _runBytes;
    private int _contentBytes;

    /// <summary>The record that was read last.</summary>
    public RecordHeader Header { get; private set; }

    /// <summary>Where it begins.</summary>
    public long Start { get; private set; }

    /// <summary>Pages so far.</summary>
    public ulong Pages { get; private set; }

    /// <summary>Pages so far that came as a mark.</summary>
    public ulong ZeroPages { get; private set; }

    /// <summary>Batches so far.</summary>
    public long Batches { get; private set; }

    /// <summary>Bytes so far.</summary>
    public long Position => _bytes.Position;

    /// <summary>The batch that was read last. Valid until the next read.</summary>
    public ReceivedBatch Batch => new(_slot!, _body.AsSpan(0, _runBytes), _body.AsSpan(_runBytes, _contentBytes));

    /// <summary>Reads the stream's header.</summary>
    /// <exception cref="MigrationStreamException">It is corrupt, or another memory's.</exception>
    public void ReadHeader() => StreamHeader.Check(_bytes, memory);

    /// <summary>Reads the next record, of a batch all of it.</summary>
    /// <returns>What it is.</returns>
    /// <exception cref="MigrationStreamException">It is corrupt, or does not fit.</exception>
    public RecordKind Read()
    {
        Start = _bytes.Position;
        if (!RecordHeader.TryRead(_bytes.Read(MigrationFormat.RecordSize, "a record"), out RecordHeader header))
            throw new MigrationStreamException("the record's checksum is wrong.", Start);
        if (header.Sequence != Header.Sequence + 1)
            throw new MigrationStreamException($"record {header.Sequence} follows record {Header.Sequence}.", Start);
        if (header.Flags != 0)
            throw new MigrationStreamException("the record has unknown flags.", Start + 24);
        if (header.Kind is < RecordKind.Batch or > RecordKind.Epoch)
            throw new MigrationStreamException($"there is no record of kind {(uint)header.Kind}.", Start);

        Header = header;
        if (header.Kind == RecordKind.Batch)
            ReadBody(header);
        else if (header.Pages != Pages)
            throw new MigrationStreamException($"the source has sent {header.Pages} pages, and {Pages} have come.", Start);
        return header.Kind;
    }

    private void ReadBody(RecordHeader header)
    {
        _slot = memory.FindById(header.First)
            ?? throw new MigrationStreamException($"there is no slot {header.First}.", Start + 4);
        if (header.Second is 0 or > MigrationFormat.MaximumBatchRuns)
            throw new MigrationStreamException($"a batch has from 1 to {MigrationFormat.MaximumBatchRuns} runs; this one has {header.Second}.", Start + 8);
        if (header.Third > MigrationFormat.MaximumBatchPages)
            throw new MigrationStreamException($"a batch has at most {MigrationFormat.MaximumBatchPages} pages with contents; this one has {header.Third}.", Start + 12);

        _runBytes = (int)header.Second * MigrationFormat.RunSize;
        _contentBytes = (int)header.Third * GuestPage.Size;
        int size = _runBytes + _contentBytes + MigrationFormat.ChecksumSize;
        if (_body.Length < size)
            _body = GC.AllocateUninitializedArray<byte>(size);

        long body = _bytes.Position;
        _bytes.ReadInto(_body.AsMemory(0, size), "a batch");
        uint checksum = Crc32C.Append(Crc32C.Empty, _body.AsSpan(0, size - MigrationFormat.ChecksumSize));
        if (checksum != BinaryPrimitives.ReadUInt32LittleEndian(_body.AsSpan(size - MigrationFormat.ChecksumSize)))
            throw new MigrationStreamException("the batch's checksum is wrong.", body);

        (string? fault, int run) = ReceivedBatch.Check(_slot, _body.AsSpan(0, _runBytes), header.Third, out ulong pages);
        if (fault is not null)
            throw new MigrationStreamException(fault, body + (run * MigrationFormat.RunSize));
        Pages += pages;
        ZeroPages += pages - header.Third;
        Batches++;
    }
}
