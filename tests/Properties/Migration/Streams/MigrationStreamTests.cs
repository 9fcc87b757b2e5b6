using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Streams;
using Xunit;

namespace RingKit.Properties.Migration.Streams;

/// <summary>The stream as bytes: what is whole arrives, and what is not is found out.</summary>
public sealed class MigrationStreamTests : IDisposable
{
    private readonly RecordedMigration _recorded = new();
    private readonly GuestMemory _destination = RecordedMigration.NewMemory();

    public void Dispose()
    {
        _recorded.Dispose();
        _destination.Dispose();
    }

    [Fact]
    public void A_whole_stream_brings_the_memory()
    {
        MigrationReceipt receipt = RecordedMigration.Receive(_destination, _recorded.Bytes);
        Assert.True(receipt.IsComplete);
        Assert.True(receipt.Pages > 5);
        Assert.True(receipt.ZeroPages >= 1);
        Assert.Equal(_recorded.Bytes.Length, receipt.Bytes);
        Assert.True(MemoryVerifier.Compare(_recorded.Source, _destination).IsEqual);
    }

    [Fact]
    public void What_comes_behind_the_end_is_left_in_the_stream()
    {
        var stream = new MemoryStream([.. _recorded.Bytes, 1, 2, 3]);
        Assert.True(new MigrationReceiver(_destination).Receive(stream).IsComplete);
        Assert.Equal(3, stream.Length - stream.Position);
    }

    [Fact]
    public void A_stream_that_is_cut_anywhere_names_the_byte_at_which_it_ends()
    {
        for (int length = 0; length < _recorded.Bytes.Length; length++)
        {
            var failure = Assert.Throws<MigrationStreamException>(() => RecordedMigration.Receive(_destination, _recorded.Bytes[..length]));
            Assert.Equal(length, failure.ByteOffset);
            Assert.Contains($"Byte {length}:", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_byte_that_is_changed_anywhere_is_found_and_nothing_of_its_record_is_applied()
    {
        byte[] changes = [0x01, 0x80, 0xff];
        var receiver = new MigrationReceiver(_destination);
        for (int at = 0; at < _recorded.Bytes.Length; at++)
        {
            byte[] bytes = [.. _recorded.Bytes];
            bytes[at] ^= changes[at % changes.Length];
            var failure = Assert.Throws<MigrationStreamException>(() => receiver.Receive(new MemoryStream(bytes)));
            Assert.InRange(failure.ByteOffset, 0, at);
            Assert.False(receiver.IsComplete);
        }

        // All were found in the middle of the same stream: what was applied before is what the whole stream brings.
        receiver.Receive(new MemoryStream(_recorded.Bytes));
        Assert.True(receiver.IsComplete);
        Assert.True(MemoryVerifier.Compare(_recorded.Source, _destination).IsEqual);
    }

    [Fact]
    public void Two_bits_that_are_changed_anywhere_are_found()
    {
        var random = new Random(20191128);
        for (int i = 0; i < 3000; i++)
        {
            byte[] bytes = [.. _recorded.Bytes];
            int first = random.Next(bytes.Length * 8), second = random.Next(bytes.Length * 8);
            if (first == second)
                continue;
            bytes[first / 8] ^= (byte)(1 << (first % 8));
            bytes[second / 8] ^= (byte)(1 << (second % 8));
            Assert.Throws<MigrationStreamException>(() => RecordedMigration.Receive(_destination, bytes));
        }
    }

    [Fact]
    public void Records_that_are_missing_doubled_or_swapped_are_found()
    {
        int[] starts = [.. RecordStarts()];
        Assert.True(starts.Length >= 5);
        for (int i = 0; i + 1 < starts.Length; i++)
        {
            byte[] before = _recorded.Bytes[..starts[i]], record = _recorded.Bytes[starts[i]..starts[i + 1]], after = _recorded.Bytes[starts[i + 1]..];
            Assert.Throws<MigrationStreamException>(() => RecordedMigration.Receive(_destination, [.. before, .. after]));
            Assert.Throws<MigrationStreamException>(() => RecordedMigration.Receive(_destination, [.. before, .. record, .. record, .. after]));
            Assert.Throws<MigrationStreamException>(() => RecordedMigration.Receive(_destination, [.. before, .. after, .. record]));
        }
    }

    [Fact]
    public void Another_memorys_stream_is_refused_before_anything_is_written()
    {
        using var other = new GuestMemory();
        other.AddSlot(0, 0, 3);
        other.AddSlot(1, 100, 3);
        var failure = Assert.Throws<MigrationStreamException>(() => RecordedMigration.Receive(other, _recorded.Bytes));
        Assert.Contains("slot 1", failure.Message, StringComparison.Ordinal);

        using var fewer = new GuestMemory();
        fewer.AddSlot(0, 0, 3);
        failure = Assert.Throws<MigrationStreamException>(() => RecordedMigration.Receive(fewer, _recorded.Bytes));
        Assert.Contains("2 slots", failure.Message, StringComparison.Ordinal);
        Assert.False(other.Slots[0].Memory.AsSpan().ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void The_stream_begins_as_documented()
    {
        Assert.Equal("RingKitM"u8, _recorded.Bytes.AsSpan(0, 8));
        Assert.Equal(1, BitConverter.ToInt32(_recorded.Bytes, 8));
        Assert.Equal(4096, BitConverter.ToInt32(_recorded.Bytes, 12));
        Assert.Equal(2, BitConverter.ToInt32(_recorded.Bytes, 16));
    }

    private List<int> RecordStarts()
    {
        List<int> starts = [];
        for (int at = StreamHeader.SizeFor(2); at < _recorded.Bytes.Length;)
        {
            starts.Add(at);
            Assert.True(RecordHeader.TryRead(_recorded.Bytes.AsSpan(at), out RecordHeader header));
            at += MigrationFormat.RecordSize;
            if (header.Kind == RecordKind.Batch)
                at += ((int)header.Second * MigrationFormat.RunSize) + ((int)header.Third * GuestPage.Size) + MigrationFormat.ChecksumSize;
        }

        return starts;
    }
}
