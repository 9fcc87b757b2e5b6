namespace RingKit.Cli.Traces;

/// <summary>Reads a lackey trace, batch by batch, without an allocation a line.</summary>
/// <param name="stream">The trace's text; its owner disposes it.</param>
/// <param name="name">What messages call it.</param>
internal sealed class LackeyReader(Stream stream, string name)
{
    /// <summary>No line is longer, the remarks of valgrind included, which quote command lines.</summary>
    public const int BufferSize = 256 * 1024;

    private readonly byte[] _buffer = new byte[BufferSize];
    private int _start;
    private int _end;
    private bool _ended;

    /// <summary>What messages call the trace.</summary>
    public string Name => name;

    /// <summary>How many lines were read.</summary>
    public long Lines { get; private set; }

    /// <summary>Reads the next accesses.</summary>
    /// <param name="batch">Where to; not empty.</param>
    /// <returns>How many; 0 at the end of the trace.</returns>
    /// <exception cref="TraceException">A line is malformed, or the trace cannot be read.</exception>
    public int Read(Span<TraceAccess> batch)
    {
        int count = 0;
        while (count < batch.Length)
        {
            ReadOnlySpan<byte> rest = _buffer.AsSpan(_start, _end - _start);
            int length = rest.IndexOf((byte)'\n');
            if (length < 0)
            {
                if (!_ended)
                {
                    Fill();
                    continue;
                }

                // The last line may lack its end.
                if (rest.IsEmpty)
                    break;
                length = rest.Length;
            }

            _start = Math.Min(_start + length + 1, _end);
            Lines++;
            ReadOnlySpan<byte> line = rest[..length];
            if (LackeyLine.TryParse(line, Lines, out batch[count]) || TryParseUnusual(line, out batch[count]))
                count++;
        }

        return count;
    }

    /// <summary>What is no access, or ends in CR LF.</summary>
    private bool TryParseUnusual(ReadOnlySpan<byte> line, out TraceAccess access)
    {
        access = default;
        if (line is [.., (byte)'\r'])
            line = line[..^1];
        if (LackeyLine.IsRemark(line))
            return false;
        return LackeyLine.TryParse(line, Lines, out access)
            ? true
            : throw new TraceException(name, Lines, LackeyLine.Explain(line));
    }

    // Keeps what is left of the buffer, a line that has begun, and reads on behind it.
    private void Fill()
    {
        if (_start == 0 && _end == _buffer.Length)
            throw new TraceException(name, Lines + 1, $"a line of more than {BufferSize} bytes");

        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        try
        {
            int read = stream.Read(_buffer, _end, _buffer.Length - _end);
            _end += read;
            _ended = read == 0;
        }
        catch (InvalidDataException e)
        {
            throw new TraceException(name, Lines + 1, "the gzip stream breaks off or is corrupt here", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TraceException(name, Lines + 1, $"cannot read on: {e.Message}", e);
        }
    }
}
