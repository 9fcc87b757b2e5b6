using System.Net.Sockets;
using System.Numerics;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Pacing;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Mmu.Migration.Transfers;

/// <summary>Sends rounds to a destination, over one connection after the other where they fail.</summary>
internal sealed class Transfer : IDisposable
{
    private static readonly TimeSpan FarewellPatience = TimeSpan.FromSeconds(1);

    private readonly GuestMemory _memory;
    private readonly Func<int, MigrationConnection> _connect;
    private readonly MigrationOptions _options;
    private readonly BatchBuilder _batch;
    private readonly TokenBucket _bucket;
    private readonly CancellationToken _cancellation;
    private MigrationConnection? _connection;
    private RecordWriter? _writer;
    private long _bytesOfEarlier;
    private long _unacknowledged;
    private ulong _rest;
    private bool _isReporting;
    private (long Pages, long ZeroPages, long ContentBytes, TimeSpan ContentTime) _sent;

    public Transfer(GuestMemory memory, Func<int, MigrationConnection> connect, MigrationOptions options, CancellationToken cancellation)
    {
        _memory = memory;
        _connect = connect;
        _options = options;
        _cancellation = cancellation;
        _batch = new BatchBuilder(options.BatchPages);
        _bucket = new TokenBucket(options.BandwidthLimit ?? double.PositiveInfinity, options.Clock.Now);
    }

    /// <summary>What was sent, over all connections.</summary>
    public TransferCounts Counts =>
        new(_sent.Pages, _sent.ZeroPages, _bytesOfEarlier + (_writer?.Bytes ?? 0), _sent.ContentBytes, _sent.ContentTime);

    /// <summary>How many times it has begun again.</summary>
    public int Retries { get; private set; }

    /// <summary>Why it failed last.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Called after each batch, with how many of the pages are left that it was given and has not sent.</summary>
    public required Action<int> BatchSent { get; init; }

    /// <summary>Whether an exception says that the transfer failed, and nothing else did: what <see cref="BatchSent"/> throws does not.</summary>
    public bool IsFailure(Exception exception) =>
        !_isReporting && !_cancellation.IsCancellationRequested && IsTransport(exception);

    /// <summary>Whether it is of the kinds that streams and sockets throw.</summary>
    public static bool IsTransport(Exception exception) => exception is IOException or SocketException or TimeoutException or ObjectDisposedException;

    /// <summary>Notes why it failed, for <see cref="BeginAgain"/> later.</summary>
    public void Failed(Exception failure) => Failure = failure;

    /// <summary>Connects for the first time.</summary>
    /// <returns>False if it cannot, and has tried as often as it may.</returns>
    public bool Begin() => TryConnect() || BeginAgain(Failure!);

    /// <summary>Connects again after a failure.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns>False if it cannot, or has tried as often as it may.</returns>
    public bool BeginAgain(Exception failure)
    {
        Failure = failure;
        do
        {
            Disconnect();
            if (Retries == _options.Retries)
                return false;
            Retries++;
            if (_options.RetryDelay > TimeSpan.Zero)
                _options.Clock.Wait(_options.RetryDelay, _cancellation);
            _cancellation.ThrowIfCancellationRequested();
        }
        while (!TryConnect());
        return true;
    }

    /// <summary>Sends the pages, and returns when they have arrived. If that fails, those are confirmed that have.</summary>
    /// <param name="pages">The pages.</param>
    /// <param name="last">The record that ends them: a mark, or the end.</param>
    /// <param name="number">The round.</param>
    /// <param name="isPaced">Whether the bandwidth limit holds.</param>
    public void Send(RoundPages pages, RecordKind last, int number, bool isPaced)
    {
        while (pages.TryNext(out DirtyPages some))
        {
            if (_batch.Slot is { } slot && slot != some.Slot)
                SendBatch(_batch, isPaced);
            for (_rest = _batch.Add(some.Slot, some.BaseOffset, some.Mask); _rest != 0; _rest = _batch.Add(some.Slot, some.BaseOffset, _rest))
                SendBatch(_batch, isPaced);
            if (_batch.IsLarge)
                SendBatch(_batch, isPaced);
            if (_unacknowledged >= _options.AcknowledgedPages)
                Mark(pages, RecordKind.Mark, number);
        }

        Mark(pages, last, number);
    }

    /// <summary>Sends the pages of a round while the guest runs, on new connections where they fail.</summary>
    /// <param name="pages">The pages.</param>
    /// <param name="number">The round.</param>
    /// <returns>False if it has failed as often as it may.</returns>
    public bool TrySend(RoundPages pages, int number)
    {
        while (true)
        {
            try
            {
                Send(pages, RecordKind.Mark, number, isPaced: true);
                return true;
            }
            catch (Exception failure) when (IsFailure(failure))
            {
                if (!BeginAgain(failure))
                    return false;
                pages.Retake();
            }
        }
    }

    /// <summary>Sends pages that are collected already.</summary>
    /// <param name="batches">Not empty, any of them. They are afterwards.</param>
    /// <param name="isPaced">Whether the bandwidth limit holds.</param>
    public void Send(IEnumerable<BatchBuilder> batches, bool isPaced)
    {
        foreach (BatchBuilder batch in batches)
            SendBatch(batch, isPaced);
    }

    /// <summary>Ends an epoch, and returns when the destination has made it its own.</summary>
    /// <param name="epoch">Its number.</param>
    public void EndEpoch(uint epoch)
    {
        _writer!.WriteAndAwait(RecordKind.Epoch, epoch, _cancellation);
        _unacknowledged = 0;
    }

    /// <summary>Tells the destination that nothing more comes, if it can be told.</summary>
    public void Abandon()
    {
        if (_writer is not { IsWhole: true } writer)
            return;
        using var patience = new CancellationTokenSource(FarewellPatience);
        try
        {
            writer.Abandon(patience.Token);
        }
        catch (Exception failure) when (failure is OperationCanceledException || IsTransport(failure))
        {
            // The destination will find its stream truncated instead.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Disconnect();

    private bool TryConnect()
    {
        try
        {
            _connection = _connect(Retries);
            _writer = new RecordWriter(_connection, _options.AcknowledgementTimeout);
            _writer.Begin(_memory, _cancellation);
            return true;
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            Failure = failure;
            Disconnect();
            return false;
        }
    }

    private void Disconnect()
    {
        _bytesOfEarlier += _writer?.Bytes ?? 0;
        _writer = null;
        _batch.Clear();
        _unacknowledged = 0;
        _rest = 0;
        try
        {
            _connection?.Dispose();
        }
        catch (Exception failure) when (IsTransport(failure))
        {
            // What it still had to write is lost with it, and is not confirmed.
            Failure ??= failure;
        }

        _connection = null;
    }

    private void Mark(RoundPages pages, RecordKind kind, int number)
    {
        if (_batch.Pages != 0)
            SendBatch(_batch, isPaced: false);
        TimeSpan start = _options.Clock.Now;

        // Who has begun to say that the guest is the destination's must know what it answers.
        _cancellation.ThrowIfCancellationRequested();
        _writer!.WriteAndAwait(kind, (uint)number, kind == RecordKind.End ? CancellationToken.None : _cancellation);
        if (_unacknowledged != 0)
            _sent.ContentTime += _options.Clock.Now - start;
        _unacknowledged = 0;
        pages.Confirm();
    }

    private void SendBatch(BatchBuilder batch, bool isPaced)
    {
        _cancellation.ThrowIfCancellationRequested();
        TimeSpan start = _options.Clock.Now;
        long before = _writer!.Bytes, count = batch.Pages, contents = batch.ContentPages;
        _writer.Write(batch, _cancellation);
        long bytes = _writer.Bytes - before;
        TimeSpan owed = _bucket.Pay(bytes, _options.Clock.Now);
        if (isPaced && owed > TimeSpan.Zero)
            _options.Clock.Wait(owed, _cancellation);

        _sent.Pages += count;
        _sent.ZeroPages += count - contents;
        _unacknowledged += contents;
        if (contents != 0)
        {
            _sent.ContentBytes += bytes;
            _sent.ContentTime += _options.Clock.Now - start;
        }

        _isReporting = true;
        BatchSent(BitOperations.PopCount(_rest));
        _isReporting = false;
    }
}
