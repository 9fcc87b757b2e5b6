using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>One connection's stream on its way into memory, record by record.</summary>
internal abstract class ReceivingSession
{
    private readonly RecordReader _reader;
    private readonly AcknowledgementWriter _answers;

    private protected ReceivingSession(GuestMemory memory, Stream pages, Stream? acknowledgements, CancellationToken cancellation)
    {
        _reader = new RecordReader(pages, memory, cancellation);
        _answers = new AcknowledgementWriter(acknowledgements, cancellation);
    }

    /// <summary>What has come so far.</summary>
    public MigrationReceipt Receipt => new(IsComplete, (long)_reader.Pages, (long)_reader.ZeroPages, _reader.Batches, _reader.Position);

    /// <summary>Whether the end has come.</summary>
    private protected bool IsComplete { get; private set; }

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

    /// <summary>Takes a batch, which is the reader's until the next record is read.</summary>
    private protected abstract void Take(in ReceivedBatch batch);

    /// <summary>Ends an epoch.</summary>
    /// <param name="epoch">Its number.</param>
    /// <param name="offset">Where its record is.</param>
    private protected abstract void EndEpoch(uint epoch, long offset);

    /// <summary>Ends the migration.</summary>
    /// <param name="offset">Where its record is.</param>
    private protected abstract void End(long offset);

    private bool StepUnanswered()
    {
        switch (_reader.Read())
        {
            case RecordKind.Batch:
                Take(_reader.Batch);
                return true;
            case RecordKind.Mark:
                Acknowledge();
                return true;
            case RecordKind.Epoch:
                EndEpoch(_reader.Header.First, _reader.Start);
                Acknowledge();
                return true;
            case RecordKind.End:
                End(_reader.Start);
                IsComplete = true;
                Acknowledge();
                return false;
            default:
                return false;
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
