using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>One connection's stream on its way into memory, record by record.</summary>
internal sealed class ReceivingSession(GuestMemory memory, Stream pages, Stream? acknowledgements, CancellationToken cancellation)
{
    private readonly RecordReader _reader = new(pages, memory, cancellation);
    private readonly AcknowledgementWriter _answers = new(acknowledgements, cancellation);

    /// <summary>What has come so far.</summary>
    public MigrationReceipt Receipt => new(IsComplete, (long)_reader.Pages, (long)_reader.ZeroPages, _reader.Batches, _reader.Position);

    private bool IsComplete { get; set; }

    /// <summary>Reads the header, and says so.</summary>
    public void Begin() => Answering(() =>
    {
        _reader.ReadHeader();
        _answers.Write(new Acknowledgement(0, 0));
        return true;
    });

    /// <summary>Reads a record and does what it says.</summary>
    /// <returns>Whether another one follows.</returns>
    public bool Step() => Answering(StepUnanswered);

    private bool StepUnanswered()
    {
        RecordKind kind = _reader.Read();
        switch (kind)
        {
            case RecordKind.Batch:
                _reader.Batch.Apply();
                return true;
            case RecordKind.Mark:
                Acknowledge();
                return true;
            case RecordKind.End:
                IsComplete = true;
                Acknowledge();
                return false;
            case RecordKind.Abandon:
                return false;
            default:
                throw new MigrationStreamException("an epoch has no place in a migration: the stream is one of checkpoints.", _reader.Start);
        }
    }

    private void Acknowledge() => _answers.Write(new Acknowledgement(_reader.Header.Sequence, _reader.Pages));

    // The source learns why its stream is not read any further.
    private bool Answering(Func<bool> read)
    {
        try
        {
            return read();
        }
        catch (MigrationStreamException failure)
        {
            _answers.TryRefuse(_reader.Header.Sequence, failure.ByteOffset);
            throw;
        }
    }
}
