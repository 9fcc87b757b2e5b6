using System.Buffers;
using System.Buffers.Binary;

namespace RingKit.Mmu.HashTable.Images;

/// <summary>Reads a stream from where it stands, counts bytes, and lets the next ones be looked at. The stream's owner disposes it.</summary>
internal sealed class TableInput(Stream stream) : IDisposable
{
    /// <summary>How far one can look ahead: a header, a full run of entries and the next header of KVM's stream, to the byte.</summary>
    public const int LookAhead = 1 << 20;

    // Shorter reads go through the buffer, longer ones straight to where they are wanted.
    private const int Short = 4096;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(LookAhead);
    private int _start;
    private int _end;

    /// <summary>How many bytes were read, which is the offset of the next one.</summary>
    public long Position { get; private set; }

    /// <summary>How many bytes are left, if the stream says so.</summary>
    public long? Remaining => stream.CanSeek ? _end - _start + Math.Max(stream.Length - stream.Position, 0) : null;

    public bool AtEnd => Peek(1).IsEmpty;

    /// <summary>The next bytes, as many as there are up to <paramref name="count"/>; they stay unread.</summary>
    public ReadOnlySpan<byte> Peek(int count)
    {
        if (_end - _start < count)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
            while (_end < count && Fill(_buffer.AsSpan(_end)) is > 0 and int read)
                _end += read;
        }

        return _buffer.AsSpan(_start, Math.Min(count, _end - _start));
    }

    /// <summary>Fills the destination, or throws: <paramref name="what"/> breaks off.</summary>
    public void ReadExactly(Span<byte> destination, string what)
    {
        int read = ReadUpTo(destination);
        if (read < destination.Length)
            throw new TableFormatException(Position, $"the input ends inside {what}");
    }

    /// <summary>Reads as many bytes as there are, at most as many as there is room for.</summary>
    public int ReadUpTo(Span<byte> destination)
    {
        int count = destination.Length <= Short ? Peek(destination.Length).Length : Math.Min(destination.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(destination);
        _start += count;
        Position += count;
        while (count < destination.Length && Fill(destination[count..]) is > 0 and int read)
        {
            count += read;
            Position += read;
        }

        return count;
    }

    /// <summary>Reads past bytes whose number is not to be trusted: nothing is allocated.</summary>
    public void Skip(long count, string what)
    {
        while (count > 0)
        {
            int step = Peek((int)Math.Min(count, Short)).Length;
            if (step == 0)
                throw new TableFormatException(Position, $"the input ends inside {what}");
            _start += step;
            Position += step;
            count -= step;
        }
    }

    public byte ReadByte(string what)
    {
        Span<byte> bytes = stackalloc byte[1];
        ReadExactly(bytes, what);
        return bytes[0];
    }

    public ushort ReadUInt16(string what, bool bigEndian = true)
    {
        Span<byte> bytes = stackalloc byte[2];
        ReadExactly(bytes, what);
        return bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public uint ReadUInt32(string what, bool bigEndian = true)
    {
        Span<byte> bytes = stackalloc byte[4];
        ReadExactly(bytes, what);
        return bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private int Fill(Span<byte> destination)
    {
        try
        {
            return stream.Read(destination);
        }
        catch (InvalidDataException e)
        {
            throw new TableFormatException(Position + (_end - _start), "the compressed input breaks off or is corrupt behind here", e);
        }
    }
}
