using System.Globalization;
using System.Text;
using RingKit.Cli.Traces;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class LackeyReaderTests
{
    private static readonly TraceAccess[] Expected =
    [
        new(0x1000, 2, 3, TraceAccessKind.Instruction),
        new(0x2000, 3, 8, TraceAccessKind.Store),
        new(0x3000, 5, 4, TraceAccessKind.Modify),
    ];

    [Theory]
    [InlineData("==1== begin\nI  1000,3\n S 2000,8\n--1-- between\n M 3000,4\n")]
    [InlineData("==1== begin\nI  1000,3\n S 2000,8\n--1-- between\n M 3000,4")]
    [InlineData("==1== begin\r\nI  1000,3\r\n S 2000,8\r\n--1-- between\r\n M 3000,4\r\n")]
    [InlineData("==1== begin\nI  1000,3\n S 2000,8\r\n**1** between\n M 3000,4\r\n==1== end")]
    public void Line_ends_of_both_kinds_and_a_missing_last_one_are_read(string text)
    {
        foreach (int bytesARead in (int[])[1, 2, 7, 4096])
            Assert.Equal(Expected, ReadAll(Encoding.ASCII.GetBytes(text), bytesARead, batchSize: 2));
    }

    [Fact]
    public void Lines_across_the_ends_of_buffers_and_batches_are_read_once()
    {
        var text = new StringBuilder();
        var expected = new List<TraceAccess>();
        for (int i = 0; text.Length < 3 * LackeyReader.BufferSize; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $" L {i:x},{i % 4096 + 1}\n");
            expected.Add(new TraceAccess((ulong)i, i + 1, (ushort)(i % 4096 + 1), TraceAccessKind.Load));
        }

        Assert.Equal(expected, ReadAll(Encoding.ASCII.GetBytes(text.ToString()), bytesARead: 100_003, batchSize: 1000));
    }

    [Theory]
    [InlineData(" S 1000,8\n==1== remark\n\n", 3)]
    [InlineData(" S 1000,8\nrubbish", 2)]
    [InlineData("==1== remark\n S 1000,8\n S 1000,", 3)]
    [InlineData(" S 1000,8\r\r\n", 1)]
    public void An_error_names_file_and_line(string text, int line)
    {
        TraceException e = Assert.Throws<TraceException>(() => ReadAll(Encoding.ASCII.GetBytes(text), 4096, batchSize: 10));
        Assert.StartsWith($"trace:{line}: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_without_end_is_refused_and_not_gathered()
    {
        byte[] text = new byte[LackeyReader.BufferSize + 1];
        text.AsSpan().Fill((byte)'0');
        " S 1000,8\n S "u8.CopyTo(text);
        TraceException e = Assert.Throws<TraceException>(() => ReadAll([.. text, .. text], 65536, batchSize: 10));
        Assert.Equal("trace:2: a line of more than 262144 bytes", e.Message);
    }

    [Fact]
    public void An_empty_trace_has_no_accesses() => Assert.Empty(ReadAll([], 4096, batchSize: 10));

    [Fact]
    public void Reading_allocates_nothing_a_line()
    {
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(" S 1fff000618,8\nI  0401ab70,3\n==1== x\n", 20_000)));
        var reader = new LackeyReader(new MemoryStream(text), "trace");
        var batch = new TraceAccess[1000];
        reader.Read(batch);
        long before = GC.GetAllocatedBytesForCurrentThread();
        while (reader.Read(batch) > 0)
        {
        }

        // Not exactly 0: a collection on behalf of another thread makes this one's counter jump by what its allocation context had left.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000);
    }

    private static List<TraceAccess> ReadAll(byte[] text, int bytesARead, int batchSize)
    {
        using var stream = new DripStream(text, bytesARead);
        var reader = new LackeyReader(stream, "trace");
        var all = new List<TraceAccess>();
        var batch = new TraceAccess[batchSize];
        for (int count; (count = reader.Read(batch)) > 0;)
            all.AddRange(batch.AsSpan(0, count));
        return all;
    }

    /// <summary>Gives a few bytes a read, as a pipe may.</summary>
    private sealed class DripStream(byte[] bytes, int bytesARead) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, bytesARead));
    }
}
