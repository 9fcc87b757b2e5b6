namespace RingKit.Mmu.Migration.Streams;

/// <summary>Sends a destination's answers, if the source wants any.</summary>
internal sealed class AcknowledgementWriter(Stream? stream, CancellationToken cancellation)
{
    private readonly byte[] _bytes = new byte[MigrationFormat.AcknowledgementSize];

    /// <summary>Sends one.</summary>
    public void Write(in Acknowledgement acknowledgement)
    {
        if (stream is null)
            return;
        acknowledgement.Write(_bytes);
        Blocking.Write(stream, _bytes, cancellation);
        Blocking.Flush(stream, cancellation);
    }

    /// <summary>Says that the stream is not read any further, if the source still listens.</summary>
    public void TryRefuse(ulong sequence, long offset)
    {
        try
        {
            Write(new Acknowledgement(sequence, 0, offset));
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // It does not: the failure that is being reported says more.
        }
    }
}
