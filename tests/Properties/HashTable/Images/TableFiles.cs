using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Images;
using RingKit.Sweeps;
using Xunit;

namespace RingKit.Properties.HashTable.Images;

/// <summary>Dumps and streams for tests: the real ones, and what they are made of.</summary>
internal static class TableFiles
{
    public static string DebianDump => Path.Combine(AppContext.BaseDirectory, "data", "hpt", "debian-512m.hpt.gz");

    public static string DebianStream => Path.Combine(AppContext.BaseDirectory, "data", "hpt", "debian-512m.qemu-stream.gz");

    public static byte[] Unpacked(string path)
    {
        using FileStream file = File.OpenRead(path);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        gzip.CopyTo(bytes);
        return bytes.ToArray();
    }

    public static byte[] BytesOf(HashedPageTable table) => MemoryMarshal.AsBytes(table.View.AsSpan()).ToArray();

    public static byte[] KvmStream(HashedPageTable table, HtabByteOrder byteOrder = HtabByteOrder.Native)
    {
        using var stream = new MemoryStream();
        HtabStreamWriter.Write(stream, table, byteOrder);
        return stream.ToArray();
    }

    /// <summary>A header of KVM's stream or QEMU's.</summary>
    public static byte[] Run(uint index, ushort valid, ushort invalid, bool bigEndian = true)
    {
        byte[] header = new byte[8];
        new HtabRecord(index, valid, invalid).Write(header, bigEndian);
        return header;
    }

    public static byte[] Words(params ulong[] words)
    {
        byte[] bytes = new byte[words.Length * 8];
        for (int i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(i * 8), words[i]);
        return bytes;
    }

    public static byte[] UInt32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>The same bytes by a stream that cannot seek, and gives few at a time.</summary>
    public static Stream Pipe(byte[] bytes) => new PipeStream(bytes);

    /// <summary>A table of the smallest order, of runs of valid entries, of absent and locked ones, and of stale words.</summary>
    public static HashedPageTable RandomTable(Random random, int order = HptGeometry.MinimumOrder)
    {
        var table = new HashedPageTable(order);
        Span<WordPair> entries = table.View.AsSpan();
        for (int i = 0; i < entries.Length;)
        {
            int run = Math.Min(random.Next(1, 1 + (1 << random.Next(12))), entries.Length - i);
            int kind = random.Next(4);
            for (; run > 0; run--, i++)
            {
                ulong v = ((ulong)random.NextInt64() << 1) & ~(HpteV.Valid | HpteV.Absent | HpteV.HvLock | HpteV.Large);
                ulong r = (ulong)random.NextInt64() << 1;
                v |= kind switch { 0 => 0, 1 => HpteV.Valid, 2 => HpteV.Valid | HpteV.HvLock, _ => HpteV.Absent };
                entries[i] = kind == 0 && random.Next(2) == 0 ? default : new Hpte(v, r).ToRaw();
            }
        }

        return table;
    }

    /// <summary>What a stream keeps of a table: no stale words, no bits of the hypervisor, absent entries as valid ones.</summary>
    public static byte[] AsStreamed(HashedPageTable table)
    {
        WordPair[] entries = table.View.AsSpan().ToArray();
        foreach (ref WordPair entry in entries.AsSpan())
        {
            Hpte value = Hpte.FromRaw(entry);
            bool present = (value.V & 0x21) != 0;
            entry = present ? new Hpte((value.V & ~0x60UL) | 1, value.R).ToRaw() : default;
        }

        return MemoryMarshal.AsBytes(entries.AsSpan()).ToArray();
    }

    /// <summary>Reads must fail with an offset inside the input, or at its end.</summary>
    public static TableFormatException AssertRefused(Func<HashedPageTable> read, long length, string how)
    {
        Exception? e = Record.Exception(() => read().Dispose());
        Assert.True(e is TableFormatException, $"{how}: {e?.ToString() ?? "taken for whole"}");
        var refusal = (TableFormatException)e!;
        Assert.InRange(refusal.ByteOffset, 0, length);
        Assert.StartsWith($"byte {refusal.ByteOffset}: ", refusal.Message, StringComparison.Ordinal);
        return refusal;
    }

    private sealed class PipeStream(byte[] bytes) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int count = Math.Min(Math.Min(buffer.Length, 1 + (_position % 8191)), bytes.Length - _position);
            bytes.AsSpan(_position, count).CopyTo(buffer);
            _position += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
