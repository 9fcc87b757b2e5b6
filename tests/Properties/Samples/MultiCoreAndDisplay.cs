using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Samples;

/// <summary>The samples MultiCoreTranslator and Display run as their users run them, and check themselves.</summary>
public sealed class MultiCoreAndDisplay
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void The_translator_finds_no_stale_translation_and_allocates_nothing()
    {
        string[] lines = Run("MultiCoreTranslator", "--quick");
        Assert.Equal(3, lines.Count(line => line.StartsWith("blocks of ", StringComparison.Ordinal)));
        Assert.Contains(lines, line => line.StartsWith("a halted core: ", StringComparison.Ordinal));
        Assert.Equal("no stale translation, nothing lost uncounted, 0 bytes allocated in the steady state", lines[^1]);
    }

    [Fact]
    public void A_core_that_forgets_to_drop_translations_is_found_out()
    {
        (int exitCode, string output, string errors) = Start("MultiCoreTranslator", "--quick", "--forget-fences");
        Assert.Equal((1, ""), (exitCode, errors));
        Assert.EndsWith("failed: a core has translated what is not in memory any more\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_display_redrawn_in_part_equals_the_whole_one_and_is_written_as_a_picture()
    {
        string path = Path.Combine(Path.GetTempPath(), $"ringkit-{Path.GetRandomFileName()}.png");
        try
        {
            string[] lines = Run("Display", path);
            Assert.Matches(@"^600 frames, each equal to the whole one: \d+ pixels redrawn, with one flag 38400000: ", lines[0]);
            Assert.Equal(2, lines.Length);
            AssertIsPicture(File.ReadAllBytes(path), width: 4 * 320, height: 2 * 200);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("MultiCoreTranslator")]
    [InlineData("Display")]
    public void A_sample_has_two_hundred_lines_or_fewer(string sample) =>
        Assert.InRange(SourceTree.Sources(Path.Combine("samples", sample)).Sum(file => File.ReadLines(file).Count()), 1, 200);

    private static string[] Run(string sample, params string[] arguments)
    {
        (int exitCode, string output, string errors) = Start(sample, arguments);
        Report.Line(output);
        Assert.Equal((0, ""), (exitCode, errors));
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    // A sample is built beside the tests, in the same configuration.
    private static (int ExitCode, string Output, string Errors) Start(string sample, params string[] arguments)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        string program = Path.Combine(folder.Parent!.Parent!.FullName, sample, folder.Name, $"{sample}.dll");
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        return Programs.Run(Deadline, host, [program, .. arguments]);
    }

    private static void AssertIsPicture(ReadOnlySpan<byte> png, int width, int height)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8].ToArray());
        using var rows = new MemoryStream();
        var chunks = new List<string>();
        for (int start = 8; start < png.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png[start..]);
            ReadOnlySpan<byte> typeAndData = png.Slice(start + 4, length + 4);
            string type = Encoding.ASCII.GetString(typeAndData[..4]);
            chunks.Add(type);
            Assert.Equal(Crc(typeAndData), BinaryPrimitives.ReadUInt32BigEndian(png[(start + 8 + length)..]));
            if (type == "IHDR")
            {
                Assert.Equal(width, BinaryPrimitives.ReadInt32BigEndian(typeAndData[4..]));
                Assert.Equal(height, BinaryPrimitives.ReadInt32BigEndian(typeAndData[8..]));
                Assert.Equal([8, 2, 0, 0, 0], typeAndData[12..].ToArray());
            }

            if (type == "IDAT")
                rows.Write(typeAndData[4..]);
            start += length + 12;
        }

        Assert.Equal(["IHDR", "IDAT", "IEND"], chunks);
        rows.Position = 0;
        using var zlib = new ZLibStream(rows, CompressionMode.Decompress);
        using var pixels = new MemoryStream();
        zlib.CopyTo(pixels);
        Assert.Equal(height * ((3 * width) + 1), pixels.Length);
        byte[] bytes = pixels.ToArray();
        Assert.All(Enumerable.Range(0, height), row => Assert.Equal(0, bytes[row * ((3 * width) + 1)]));
    }

    // The remainder of the division by the polynomial of PNG and Ethernet, by its definition: the highest bit first, over reflected bytes.
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint remainder = uint.MaxValue;
        foreach (byte value in bytes)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                uint isOdd = (remainder >> 31) ^ ((uint)value >> bit & 1);
                remainder = (remainder << 1) ^ (isOdd * 0x04C11DB7);
            }
        }

        uint reflected = 0;
        for (int bit = 0; bit < 32; bit++)
            reflected |= (remainder >> bit & 1) << (31 - bit);
        return ~reflected;
    }
}
