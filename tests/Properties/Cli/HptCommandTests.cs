using System.Globalization;
using System.Text.Json;
using RingKit.Cli.Tables;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Images;
using RingKit.Properties.HashTable.Images;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class HptCommandTests : IDisposable
{
    private static readonly (string Key, ulong Value)[] Debian =
    [
        ("entries", 262_144), ("valid", 9_415), ("referenced", 9_415), ("changed", 8_583), ("bolted", 8_200), ("large", 9_415), ("secondary", 0),
        ("writable", 7_889), ("distinct_changed_frames", 8_192), ("absent", 0),
    ];

    private readonly TraceFiles _files = new();

    [Fact]
    public async Task Json_is_one_object_of_the_documented_shape_for_every_format()
    {
        using HashedPageTable table = RawTableReader.Read(new MemoryStream(TableFiles.Unpacked(TableFiles.DebianDump)));
        (string Path, string Format)[] files =
        [
            (TableFiles.DebianDump, "raw"),
            (_files.Write(TableFiles.BytesOf(table)), "raw"),
            (TableFiles.DebianStream, "qemu"),
            (_files.Write(TableFiles.KvmStream(table, HtabByteOrder.BigEndian)), "kvm"),
            (_files.Write(TraceFiles.Gzip(TableFiles.KvmStream(table, HtabByteOrder.LittleEndian))), "kvm"),
        ];
        foreach ((string path, string format) in files)
        {
            CommandResult result = await CommandResult.OfAsync("hpt", path, "--json");
            Assert.Equal(0, result.ExitCode);
            Assert.Empty(result.Error);
            using JsonDocument json = JsonDocument.Parse(result.Output);
            JsonElement root = json.RootElement;
            Assert.Equal(
                [.. Debian.Select(count => count.Key), "format", "order", "page_sizes", "of_no_page_size", "sweep_us"],
                root.EnumerateObject().Select(property => property.Name));
            Assert.Equal(Debian, Debian.Select(count => (count.Key, root.GetProperty(count.Key).GetUInt64())));
            Assert.Equal(format, root.GetProperty("format").GetString());
            Assert.Equal(22, root.GetProperty("order").GetInt32());
            Assert.Equal("""[{"bytes":65536,"base_bytes":65536,"entries":9415}]""", root.GetProperty("page_sizes").GetRawText());
            foreach (string sweep in (string[])["scalar", "simd", "parallel"])
                Assert.True(root.GetProperty("sweep_us").GetProperty(sweep).GetDouble() > 0);
        }
    }

    [Fact]
    public async Task The_text_has_the_same_counts_and_is_plain_where_it_is_redirected()
    {
        CommandResult result = await CommandResult.OfAsync("hpt", TableFiles.DebianDump);
        Assert.Equal(0, result.ExitCode);
        Assert.DoesNotContain('\u001b', result.Output);
        string[] lines = [.. result.Output.Replace(TableFiles.DebianDump, "", StringComparison.Ordinal).Split('\n').Select(line => line.TrimEnd())];
        Assert.All(lines, line => Assert.True(line.Length <= 100, line));
        Assert.Contains("raw dump, order 22: 4M, 32,768 groups of 8 entries", lines);
        foreach ((string key, ulong value) in Debian)
        {
            string name = key.Replace('_', ' ');
            string count = value.ToString("N0", CultureInfo.InvariantCulture);
            Assert.Contains(lines, line => line.StartsWith($"  {name} ", StringComparison.Ordinal) && line.Split(' ').Contains(count));
        }

        Assert.Contains(lines, line => line.StartsWith("  pages of 64K ", StringComparison.Ordinal) && line.Contains("9,415", StringComparison.Ordinal));
        foreach (string sweep in (string[])["scalar loop", "SIMD", "SIMD, parallel"])
            Assert.Contains(lines, line => line.StartsWith($"  {sweep} ", StringComparison.Ordinal));

        string valid = Assert.Single(lines, line => line.StartsWith("valid   |", StringComparison.Ordinal));
        string changed = Assert.Single(lines, line => line.StartsWith("changed |", StringComparison.Ordinal));
        Assert.Equal(100, valid.Length);
        Assert.Equal(100, changed.Length);
        Assert.Contains('█', valid);
        for (int column = 9; column < 99; column++)
            Assert.True(valid[column] >= changed[column] || valid[column] != ' ', $"column {column}: changed entries where there are none");
    }

    [Fact]
    public void A_strip_shows_every_entry_and_stands_for_all_of_them()
    {
        using var table = new HashedPageTable(18);
        for (ulong index = 4096; index < 8192; index++)
            table[index] = new Hpte(HpteV.Valid, index < 6144 ? HpteR.Changed : 0);
        table[16_383] = new Hpte(HpteV.Valid, 0);

        ulong[] valid = TableDensity.Of(table.View, TableDensity.Valid, 8);
        Assert.Equal([0, 0, 2048, 2048, 0, 0, 0, 1], valid);
        Assert.Equal([0, 0, 2048, 0, 0, 0, 0, 0], TableDensity.Of(table.View, TableDensity.Changed, 8));
        Assert.Equal("  ██   ▁", TableDensity.Strip(valid, 2048));
        Assert.Equal("▁▁▂▄▅█ ", TableDensity.Strip([1, 256, 257, 1024, 1025, 2048, 0], 2048));
        Assert.Equal("   ", TableDensity.Strip([0, 0, 0], 0));
        foreach (int parts in (int[])[1, 7, 90, 16_384])
            Assert.Equal(4097ul, TableDensity.Of(table.View, TableDensity.Valid, parts).Aggregate(0UL, (sum, count) => sum + count));
    }

    [Fact]
    public async Task An_empty_table_and_one_of_unknown_page_sizes_are_no_error()
    {
        string empty = _files.Write(new byte[1 << 18]);
        Assert.Contains("entries                    16,384", (await CommandResult.OfAsync("hpt", empty)).Output, StringComparison.Ordinal);
        byte[] dump = new byte[1 << 18];
        TableFiles.Words(HpteV.Valid | HpteV.Large, 0x2000 | HpteR.Changed, HpteV.Absent, 0, 0, HpteR.Changed).CopyTo(dump, 0);
        CommandResult odd = await CommandResult.OfAsync("hpt", _files.Write(dump), "--json");
        Assert.StartsWith(
            """{"entries":16384,"valid":1,"referenced":0,"changed":1,"bolted":0,"large":1,"secondary":0,"writable":1,"distinct_changed_frames":0,"absent":1,""",
            odd.Output,
            StringComparison.Ordinal);
        Assert.Contains("\"of_no_page_size\":1", odd.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_table_is_refused_with_the_byte()
    {
        string missing = _files.PathOf("missing");
        string directory = Path.GetDirectoryName(missing)!;
        (await CommandResult.OfAsync("hpt", missing)).AssertRefused($"{missing}: no such file");
        (await CommandResult.OfAsync("hpt", directory)).AssertRefused($"{directory}: a directory, not a hashed page table");
        (await CommandResult.OfAsync("hpt", "")).AssertRefused("FILE: the name is empty");
        (await CommandResult.OfAsync("hpt")).AssertRefused("Required argument 'FILE' missing for command: 'hpt'");

        byte[] dump = TableFiles.Unpacked(TableFiles.DebianDump);
        byte[] stream = TableFiles.Unpacked(TableFiles.DebianStream);
        await Refused([], 0, "the input is empty");
        await Refused(dump[..^1], dump.Length - 1, "the dump ends here");
        await Refused([.. dump, 1], dump.Length + 1, "the dump ends here");
        await Refused("hello\n"u8.ToArray(), 6, "the dump ends here");
        await Refused(stream[..1000], 1000, "the input ends inside ");
        await Refused([.. stream, 7], stream.Length, "the input goes on behind the end");
        await Refused([.. "QEVM"u8, 0, 0, 0, 2], 4, "version 2 of the migration stream");

        // A file says its length: one that is too large is not read. Its blocks are holes.
        string huge = _files.PathOf("huge");
        await using (FileStream holes = File.Create(huge))
            holes.SetLength((1L << 36) + 16);
        (await CommandResult.OfAsync("hpt", huge)).AssertRefused($"{huge}: byte 68719476736: the dump goes on, and a table of more than 2^36 bytes");

        async Task Refused(byte[] bytes, int offset, string problem)
        {
            string path = _files.Write(bytes);
            string expected = string.Create(CultureInfo.InvariantCulture, $"{path}: byte {offset}: {problem}");
            (await CommandResult.OfAsync("hpt", path)).AssertRefused(expected);
            (await CommandResult.OfAsync("hpt", path, "--json")).AssertRefused(expected);
        }
    }

    [Fact]
    public async Task A_gzip_file_that_breaks_off_is_refused()
    {
        byte[] gzip = await File.ReadAllBytesAsync(TableFiles.DebianDump, TestContext.Current.CancellationToken);
        foreach (int length in (int[])[10, 1000, gzip.Length - 8, gzip.Length - 1])
        {
            string path = _files.Write(gzip[..length]);
            CommandResult result = await CommandResult.OfAsync("hpt", path);
            result.AssertRefused($"{path}: byte ");
            Assert.EndsWith("the compressed input breaks off or is corrupt behind here (in bytes of what the gzip file holds)\n", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_process_does_what_the_command_does_and_help_has_an_example()
    {
        CommandResult result = await CommandResult.OfProcessAsync("hpt", TableFiles.DebianStream, "--json");
        Assert.StartsWith("{\"entries\":262144,\"valid\":9415,", result.Output, StringComparison.Ordinal);
        byte[] gzip = await File.ReadAllBytesAsync(TableFiles.DebianDump, TestContext.Current.CancellationToken);
        string broken = _files.Write(gzip[..^3]);
        (await CommandResult.OfProcessAsync("hpt", broken)).AssertRefused($"{broken}: byte ");
        Assert.Contains("ringkit hpt data/hpt/debian-512m.hpt.gz", (await CommandResult.OfAsync("hpt", "--help")).Output, StringComparison.Ordinal);
    }

    public void Dispose() => _files.Dispose();
}
