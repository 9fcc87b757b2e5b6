using System.Buffers;

namespace RingKit.Properties.Migration.Streams;

/// <summary>Bytes that were written and not read yet, in pooled memory. One thread.</summary>
internal sealed class ByteQueue : SimpleStream
{
    private const int SmallestCapacity = 4096;

    private byte[] _bytes = [];
    private int _first;
    private int _end;

    public int Count => _end - _first;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override int Read(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, Count);
        _bytes.AsSpan(_first, count).CopyTo(buffer);
        _first += count;
        if (Count == 0 && _bytes.Length != 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
            _first = _end = 0;
        }

        return count;
    }

    public override void Write(ReadOnlySpan<byte> buffer) => buffer.CopyTo(Reserve(buffer.Length));

    /// <summary>Writes so many bytes, which the caller fills in before anybody reads.</summary>
    public Span<byte> Reserve(int count)
    {
        if (_bytes.Length - _end < count)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(_bytes.Length * 2, _end + count), SmallestCapacity));
            _bytes.AsSpan(_first, Count).CopyTo(larger.AsSpan(_first));
            if (_bytes.Length != 0)
                ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        _end += count;
        return _bytes.AsSpan(_end - count, count);
    }
}
