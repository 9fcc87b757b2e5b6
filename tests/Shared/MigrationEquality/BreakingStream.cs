namespace RingKit.Properties.MigrationEquality;

/// <summary>A stream that breaks in the middle of a write after so many bytes.</summary>
internal sealed class BreakingStream(Stream inner, long breaksAfter) : Stream
{
    private long _left = breaksAfter;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        int fit = (int)Math.Min(buffer.Length, _left);
        inner.Write(buffer[..fit]);
        _left -= fit;
        if (fit != buffer.Length)
            throw new IOException("The stream broke.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
