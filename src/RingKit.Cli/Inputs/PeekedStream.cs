namespace RingKit.Cli.Inputs;

/// <summary>A stream whose first bytes can be looked at before it is read: also a pipe, which cannot seek back.</summary>
internal sealed class PeekedStream : Stream
{
    private readonly Stream _inner;
    private readonly byte[] _head;
    private readonly int _headLength;
    private int _headRead;

    /// <param name="inner">Read on behind its first bytes, and disposed with this stream.</param>
    /// <param name="count">How many bytes to look at.</param>
    public PeekedStream(Stream inner, int count)
    {
        _inner = inner;
        _head = new byte[count];
        _headLength = inner.ReadAtLeast(_head, count, throwOnEndOfStream: false);
    }

    /// <summary>The first bytes; fewer than asked for if there are no more.</summary>
    public ReadOnlySpan<byte> Head => _head.AsSpan(0, _headLength);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        ReadOnlySpan<byte> head = Head[_headRead..];
        if (head.IsEmpty)
            return _inner.Read(buffer);

        int count = Math.Min(head.Length, buffer.Length);
        head[..count].CopyTo(buffer);
        _headRead += count;
        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _inner.Dispose();
        base.Dispose(disposing);
    }
}
