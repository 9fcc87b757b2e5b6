using System.Buffers.Binary;
using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Streams;
using Xunit;

namespace RingKit.Properties.Migration.Streams;

/// <summary>Records whose checksums are right and whose contents are not: the receiver reads nothing out of them but their refusal.</summary>
public sealed class HostileRecordTests : IDisposable
{
    private readonly GuestMemory _memory = RecordedMigration.NewMemory();
    private readonly MemoryStream _stream = new();

    public HostileRecordTests() => _stream.Write(StreamHeader.For(_memory));

    public void Dispose()
    {
        _memory.Dispose();
        _stream.Dispose();
    }

    [Theory]
    [InlineData(3ul, 1u, "outside")]
    [InlineData(2ul, 2u, "outside")]
    [InlineData(0ul, 4u, "outside")]
    [InlineData(0ul, uint.MaxValue, "outside")]
    [InlineData(ulong.MaxValue, 1u, "outside")]
    [InlineData(ulong.MaxValue, uint.MaxValue, "outside")]
    [InlineData(ulong.MaxValue - 1, 3u, "outside")]
    [InlineData(1ul << 52, 1u, "outside")]
    [InlineData(0ul, 0u, "no pages")]
    public void Runs_outside_their_slot_are_refused(ulong offset, uint count, string because)
    {
        Batch(slot: 0, sequence: 1, [new PageRun(0, 1, IsZero: true), new PageRun(offset, count, IsZero: true)], contentPages: 0);
        Refused(because, StreamHeader.SizeFor(2) + MigrationFormat.RecordSize + MigrationFormat.RunSize);
    }

    [Theory]
    [InlineData(0ul, 3u)]
    [InlineData(2ul, 1u)]
    [InlineData(0ul, 1u)]
    public void Runs_that_overlap_or_go_back_are_refused(ulong offset, uint count)
    {
        // So many runs of all pages would be as much work as so many whole memories.
        Batch(slot: 0, sequence: 1, [new PageRun(1, 2, IsZero: true), new PageRun(offset, count, IsZero: true)], contentPages: 0);
        Refused("ends behind that", StreamHeader.SizeFor(2) + MigrationFormat.RecordSize + MigrationFormat.RunSize);
    }

    [Fact]
    public void Runs_that_have_other_contents_than_the_batch_are_refused()
    {
        Batch(slot: 0, sequence: 1, [new PageRun(0, 2, IsZero: false)], contentPages: 1);
        Refused("2 pages with contents, the batch says 1");
    }

    [Fact]
    public void A_run_of_four_billion_pages_adds_up_to_no_small_number()
    {
        // Two of them have as many pages with contents as the batch says, in 32 bits.
        Batch(slot: 0, sequence: 1, [new PageRun(0, uint.MaxValue, IsZero: false), new PageRun(0, 2, IsZero: false)], contentPages: 1);
        Refused("outside");
    }

    [Theory]
    [InlineData(2u)]
    [InlineData(0x10000u)]
    [InlineData(uint.MaxValue)]
    public void Slots_that_there_are_not_are_refused(uint slot)
    {
        Batch(slot, sequence: 1, [new PageRun(0, 1, IsZero: true)], contentPages: 0);
        Refused("there is no slot", StreamHeader.SizeFor(2) + 4);
    }

    [Theory]
    [InlineData(0u, 0u, "from 1 to")]
    [InlineData(4097u, 0u, "from 1 to")]
    [InlineData(uint.MaxValue, 0u, "from 1 to")]
    [InlineData(1u, 1025u, "at most")]
    [InlineData(1u, uint.MaxValue, "at most")]
    public void Batches_that_are_too_large_are_refused_before_they_are_read(uint runs, uint contentPages, string because)
    {
        Write(new RecordHeader(RecordKind.Batch, 0, runs, contentPages, Sequence: 1));
        Refused(because);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(6u)]
    [InlineData(uint.MaxValue)]
    public void Records_of_no_known_kind_are_refused(uint kind)
    {
        Write(new RecordHeader((RecordKind)kind, 0, 0, 0, Sequence: 1));
        Refused("there is no record of kind");
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(2ul)]
    [InlineData(ulong.MaxValue)]
    public void Records_out_of_their_order_are_refused(ulong sequence)
    {
        Write(RecordHeader.Bare(RecordKind.Mark, 1, 0, sequence));
        Refused("follows record 0");
    }

    [Fact]
    public void Unknown_flags_are_refused()
    {
        Write(new RecordHeader(RecordKind.Mark, 0, 0, 0, Sequence: 1, Flags: 1));
        Refused("unknown flags");
    }

    [Theory]
    [InlineData(1ul)]
    [InlineData(1ul << 40)]
    public void An_end_that_counts_other_pages_is_refused(ulong pages)
    {
        Write(RecordHeader.Bare(RecordKind.End, 1, pages, sequence: 1));
        Refused($"has sent {pages} pages");
    }

    [Fact]
    public void An_epoch_has_no_place_in_a_migration()
    {
        Write(RecordHeader.Bare(RecordKind.Epoch, 1, 0, sequence: 1));
        Refused("checkpoints");
    }

    [Fact]
    public void A_source_that_gives_up_leaves_the_destination_incomplete()
    {
        Write(RecordHeader.Bare(RecordKind.Abandon, 0, 0, sequence: 1));
        _stream.Position = 0;
        var receiver = new MigrationReceiver(_memory);
        Assert.False(receiver.Receive(_stream).IsComplete);
        Assert.False(receiver.IsComplete);
    }

    [Fact]
    public void Random_records_are_refused_or_stay_inside()
    {
        var random = new Random(4096);
        for (int i = 0; i < 2000; i++)
        {
            _stream.SetLength(StreamHeader.SizeFor(2));
            _stream.Position = _stream.Length;
            PageRun[] runs = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => new PageRun(Odd(random), (uint)Odd(random), random.Next(2) == 0))];
            Batch((uint)Odd(random), sequence: 1, runs, contentPages: (uint)random.Next(5));
            _stream.Position = 0;
            Assert.Throws<MigrationStreamException>(() => new MigrationReceiver(_memory).Receive(_stream));
        }
    }

    private static ulong Odd(Random random) => random.Next(4) switch
    {
        0 => (ulong)random.NextInt64(),
        1 => ulong.MaxValue - (ulong)random.Next(3),
        _ => (ulong)random.Next(4),
    };

    private void Refused(string because, long? offset = null)
    {
        foreach (MemorySlot slot in _memory.Slots)
            slot.Memory.AsSpan().Fill(0x77);
        _stream.Position = 0;
        var answers = new MemoryStream();
        var failure = Assert.Throws<MigrationStreamException>(() => new MigrationReceiver(_memory).Receive(_stream, answers));
        Assert.Contains(because, failure.Message, StringComparison.Ordinal);
        if (offset is not null)
            Assert.Equal(offset, failure.ByteOffset);
        foreach (MemorySlot slot in _memory.Slots)
            Assert.False(slot.Memory.AsSpan().ContainsAnyExcept((byte)0x77));

        // The header's answer, then the refusal with its place.
        Assert.Equal(2 * MigrationFormat.AcknowledgementSize, answers.Length);
        Assert.True(Acknowledgement.TryRead(answers.ToArray().AsSpan(MigrationFormat.AcknowledgementSize), out Acknowledgement answer));
        Assert.Equal(failure.ByteOffset, answer.RefusedAt);
    }

    private void Batch(uint slot, ulong sequence, PageRun[] runs, uint contentPages)
    {
        Write(new RecordHeader(RecordKind.Batch, slot, (uint)runs.Length, contentPages, sequence));
        byte[] body = new byte[(runs.Length * MigrationFormat.RunSize) + ((int)contentPages * GuestPage.Size) + MigrationFormat.ChecksumSize];
        for (int i = 0; i < runs.Length; i++)
            runs[i].Write(body.AsSpan(i * MigrationFormat.RunSize));
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(body.Length - 4), Crc32C.Append(Crc32C.Empty, body.AsSpan(0, body.Length - 4)));
        _stream.Write(body);
    }

    private void Write(RecordHeader header)
    {
        byte[] bytes = new byte[MigrationFormat.RecordSize];
        header.Write(bytes);
        _stream.Write(bytes);
    }
}
