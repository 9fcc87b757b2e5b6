using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>Writes a migration stream to a connection, and waits for the destination's answers.</summary>
/// <param name="connection">The connection.</param>
/// <param name="patience">How long the destination may take to answer, or to read what it is sent at once, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
internal sealed class RecordWriter(MigrationConnection connection, TimeSpan patience)
{
    private readonly byte[] _record = new byte[MigrationFormat.RecordSize];
    private readonly byte[] _answer = new byte[MigrationFormat.AcknowledgementSize];
    private ulong _sequence;

    /// <summary>Bytes written.</summary>
    public long Bytes { get; private set; }

    /// <summary>Pages written.</summary>
    public ulong Pages { get; private set; }

    /// <summary>Whether the last record was written whole: another one may follow.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Writes the header, and waits until the destination has found it to be its memory's.</summary>
    /// <param name="memory">The source's memory.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public void Begin(GuestMemory memory, CancellationToken cancellation)
    {
        Write(StreamHeader.For(memory), cancellation);
        IsWhole = true;
        AwaitAnswer(cancellation);
    }

    /// <summary>Writes a batch.</summary>
    /// <param name="batch">Not empty. It is empty afterwards.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public void Write(BatchBuilder batch, CancellationToken cancellation)
    {
        batch.Finish(++_sequence, out ReadOnlyMemory<byte> front, out ReadOnlyMemory<byte> rest);
        IsWhole = false;
        Write(front, cancellation);
        Write(rest, cancellation);
        IsWhole = true;
        Pages += (ulong)batch.Pages;
        batch.Clear();
    }

    /// <summary>Writes a record without a body, and waits until the destination has everything up to it.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="number">The round, or the epoch.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="MigrationStreamException">The destination refuses the stream, or its answer is corrupt.</exception>
    /// <exception cref="TimeoutException">It does not read, or does not answer.</exception>
    public void WriteAndAwait(RecordKind kind, uint number, CancellationToken cancellation)
    {
        WriteBare(kind, number, cancellation);
        AwaitAnswer(cancellation);
    }

    /// <summary>Says that nothing more comes.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    public void Abandon(CancellationToken cancellation) => WriteBare(RecordKind.Abandon, 0, cancellation);

    private void WriteBare(RecordKind kind, uint number, CancellationToken cancellation)
    {
        RecordHeader.Bare(kind, number, Pages, ++_sequence).Write(_record);
        IsWhole = false;
        Write(_record, cancellation);
        IsWhole = true;
        Flush(cancellation);
    }

    private void Write(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = LimitTo(patience, cancellation);
        try
        {
            Blocking.Write(connection.Pages, bytes, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw TookTooLong("read", e);
        }

        Bytes += bytes.Length;
    }

    private void Flush(CancellationToken cancellation)
    {
        using CancellationTokenSource limit = LimitTo(patience, cancellation);
        try
        {
            Blocking.Flush(connection.Pages, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw TookTooLong("read", e);
        }
    }

    private void AwaitAnswer(CancellationToken cancellation)
    {
        Flush(cancellation);
        if (connection.Acknowledgements is not { } answers)
            return;

        using CancellationTokenSource limit = LimitTo(patience, cancellation);
        try
        {
            Read(answers, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw TookTooLong("answer", e);
        }
    }

    private static CancellationTokenSource LimitTo(TimeSpan patience, CancellationToken cancellation)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        return limit;
    }

    private TimeoutException TookTooLong(string to, Exception inner) => new($"The destination did not {to} within {patience.TotalSeconds} s.", inner);

    private void Read(Stream answers, CancellationToken cancellation)
    {
        for (int got = 0; got < _answer.Length;)
        {
            int some = Blocking.Read(answers, _answer.AsMemory(got), cancellation);
            if (some == 0)
                throw new IOException("The destination closed the connection before it answered.");
            got += some;
        }

        if (!Acknowledgement.TryRead(_answer, out Acknowledgement answer))
            throw new IOException("The destination's answer is corrupt.");
        if (answer.RefusedAt is long offset)
            throw new MigrationStreamException("the destination refused the stream.", offset);
        if (answer.Sequence != _sequence || answer.Pages != Pages)
            throw new IOException($"The destination answers to record {answer.Sequence} with {answer.Pages} pages; it was sent record {_sequence} with {Pages}.");
    }
}
