using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Properties.Migration.Streams;

/// <summary>A connection within one thread: what the source writes is received when it waits for an answer, or hangs up.</summary>
/// <param name="open">Opens the destination's end: its stream of pages, its stream of answers.</param>
internal sealed class Loopback(Func<Stream, Stream, ReceivingSession> open) : IDisposable
{
    private readonly ByteQueue _pages = new();
    private readonly ByteQueue _answers = new();
    private ReceivingSession? _session;
    private bool _hasEnded;

    /// <summary>To a migration's destination.</summary>
    /// <param name="destination">Its memory.</param>
    public Loopback(GuestMemory destination)
        : this((pages, answers) => new MigrationSession(destination, pages, answers, CancellationToken.None))
    {
    }

    /// <summary>Bytes that the source may still write; the connection breaks in the middle of the write that goes beyond.</summary>
    public long BreaksAfter { get; init; } = long.MaxValue;

    /// <summary>A byte of the stream that is changed on the way, by this much.</summary>
    public (long Offset, byte Change)? Corruption { get; init; }

    /// <summary>A byte of the answers that is changed on the way, by this much.</summary>
    public (long Offset, byte Change)? CorruptAnswer { get; init; }

    /// <summary>Called in the middle of each write.</summary>
    public Action? Writing { get; init; }

    /// <summary>What the destination said to a stream that it did not accept.</summary>
    public MigrationStreamException? Refusal { get; private set; }

    /// <summary>Whether the destination has all, by the word of the source.</summary>
    public bool IsComplete => _session is not null && _session.Receipt.IsComplete;

    /// <summary>Bytes that the source has written.</summary>
    public long Written { get; private set; }

    public MigrationConnection Connect() => new(new SourceEnd(this), new AnswerEnd(this));

    public void Dispose()
    {
        _pages.Dispose();
        _answers.Dispose();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        int fit = (int)Math.Min(bytes.Length, BreaksAfter - Written);
        Span<byte> copy = _pages.Reserve(fit);
        bytes[..fit].CopyTo(copy);
        if (Corruption is var (offset, change) && offset >= Written && offset < Written + fit)
            copy[(int)(offset - Written)] ^= change;
        Written += fit;
        Writing?.Invoke();
        if (fit != bytes.Length)
            throw new IOException("The connection broke.");
    }

    private void Deliver()
    {
        if (_hasEnded)
            return;
        try
        {
            if (_session is null)
            {
                _session = open(_pages, _answers);
                _session.Begin();
            }

            while (_pages.Count != 0 && !_hasEnded)
                _hasEnded = !_session.Step();
        }
        catch (MigrationStreamException refusal)
        {
            Refusal = refusal;
            _hasEnded = true;
        }
    }

    private sealed class SourceEnd(Loopback loopback) : SimpleStream
    {
        public override bool CanWrite => true;

        public override void Write(ReadOnlySpan<byte> buffer) => loopback.Write(buffer);

        protected override void Dispose(bool disposing)
        {
            loopback.Deliver();
            base.Dispose(disposing);
        }
    }

    private sealed class AnswerEnd(Loopback loopback) : SimpleStream
    {
        private long _read;

        public override bool CanRead => true;

        public override int Read(Span<byte> buffer)
        {
            loopback.Deliver();
            int count = loopback._answers.Read(buffer);
            if (loopback.CorruptAnswer is var (offset, change) && offset >= _read && offset < _read + count)
                buffer[(int)(offset - _read)] ^= change;
            _read += count;
            return count;
        }
    }
}
