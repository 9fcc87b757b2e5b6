using System.Globalization;
using System.Text;
using RingKit.Cli.Traces;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class TraceFileTests : IDisposable
{
    private const int LineCount = 20_000;

    private readonly TraceFiles _files = new();

    [Fact]
    public void Plain_and_gzip_are_told_apart_by_their_bytes()
    {
        byte[] text = Text();
        Assert.Equal(LineCount, ReadAll(_files.Write(text)));
        Assert.Equal(LineCount, ReadAll(_files.Write(TraceFiles.Gzip(text))));
    }

    [Fact]
    public void Gzip_files_one_behind_the_other_are_one_trace()
    {
        byte[] gzip = TraceFiles.Gzip(Text());
        Assert.Equal(2 * LineCount, ReadAll(_files.Write([.. gzip, .. gzip])));
    }

    // GZipStream itself takes a stream that breaks off for one that ends.
    [Fact]
    public void A_gzip_stream_that_breaks_off_is_refused_wherever_it_does()
    {
        byte[] gzip = TraceFiles.Gzip(Text());
        int[] cuts = [2, 3, 9, 10, 11, 18, 1000, gzip.Length / 2, gzip.Length - 9, gzip.Length - 8, gzip.Length - 4, gzip.Length - 1];
        foreach (int cut in cuts)
            AssertBroken(gzip[..cut], $"cut at {cut}");
        AssertBroken([.. gzip, .. gzip[..2]], "cut in the second member's magic");
        AssertBroken([.. gzip, .. gzip[..1000]], "cut in the second member");
    }

    [Fact]
    public void A_corrupt_gzip_stream_is_refused()
    {
        byte[] gzip = TraceFiles.Gzip(Text());
        foreach (int at in (int[])[3, gzip.Length - 8, gzip.Length - 1])
        {
            byte[] corrupt = [.. gzip];
            corrupt[at] ^= 0x40;
            AssertBroken(corrupt, $"byte {at} changed");
        }
    }

    [Fact]
    public void The_line_of_a_break_is_the_first_that_is_not_whole()
    {
        byte[] gzip = TraceFiles.Gzip(Text());
        string path = _files.Write(gzip[..^8]);
        TraceException e = Assert.Throws<TraceException>(() => ReadAll(path));
        Assert.Equal($"{path}:{LineCount + 1}: the gzip stream breaks off or is corrupt here", e.Message);
    }

    public void Dispose() => _files.Dispose();

    private static byte[] Text()
    {
        var random = new Random(1);
        var text = new StringBuilder();
        for (int i = 0; i < LineCount; i++)
            text.Append(CultureInfo.InvariantCulture, $" S {random.Next():x},{random.Next(1, 4097)}\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static int ReadAll(string path)
    {
        using TraceFile file = TraceFile.Open(path);
        var batch = new TraceAccess[1000];
        int all = 0;
        for (int count; (count = file.Reader.Read(batch)) > 0;)
            all += count;
        return all;
    }

    private void AssertBroken(byte[] bytes, string how)
    {
        string path = _files.Write(bytes);
        Exception? e = Record.Exception(() => ReadAll(path));
        Assert.True(e is TraceException, $"{how}: {e?.ToString() ?? "taken for whole"}");
    }
}
