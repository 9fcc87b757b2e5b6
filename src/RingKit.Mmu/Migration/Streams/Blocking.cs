namespace RingKit.Mmu.Migration.Streams;

/// <summary>Reads and writes of streams that wait on the calling thread, and that a token ends: a stream's own synchronous calls cannot be ended.</summary>
internal static class Blocking
{
    public static int Read(Stream stream, Memory<byte> buffer, CancellationToken cancellation)
    {
        ValueTask<int> read = stream.ReadAsync(buffer, cancellation);
        return read.IsCompletedSuccessfully ? read.Result : read.AsTask().GetAwaiter().GetResult();
    }

    public static void Write(Stream stream, ReadOnlyMemory<byte> buffer, CancellationToken cancellation)
    {
        ValueTask write = stream.WriteAsync(buffer, cancellation);
        if (!write.IsCompletedSuccessfully)
            write.AsTask().GetAwaiter().GetResult();
    }

    public static void Flush(Stream stream, CancellationToken cancellation) => stream.FlushAsync(cancellation).GetAwaiter().GetResult();
}
