namespace RingKit.Properties.Migration;

/// <summary>Bytes that were written and not read yet. One thread.</summary>
internal sealed class ByteQueue : SimpleStream
{
    private byte[] _bytes = new byte[256];
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
        if (Count == 0)
            _first = _end = 0;
        return count;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_bytes.Length - _end < buffer.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _end + buffer.Length));
        buffer.CopyTo(_bytes.AsSpan(_end));
        _end += buffer.Length;
    }
}
