using System.CommandLine;
using RingKit.Cli.Inputs;
using RingKit.Cli.Reports.Hpt;
using RingKit.Cli.Tables;
using RingKit.Mmu.HashTable.Images;

namespace RingKit.Cli.Commands;

/// <summary><c>ringkit hpt FILE</c>.</summary>
internal static class HptCommand
{
    public const string Examples = """
        The file is the table of a PowerPC guest, in one of three formats that its first bytes tell apart:
          a raw dump           the table's memory, a power of two from 256K to 64G
          a KVM stream         what a descriptor of KVM_PPC_GET_HTAB_FD gives, from its first pass on
          a QEMU stream        a migration stream in which spapr/htab comes before other devices
        Counts but entries and absent are of valid entries alone. A sweep is one pass over the whole table that
        counts its valid and changed entries; its time is the median of several.

        Examples:
          ringkit hpt data/hpt/debian-512m.hpt.gz
          ringkit hpt data/hpt/debian-512m.qemu-stream.gz --json
        """;

    private const string Description =
        "Read a hashed page table from a dump or a stream: what is in it, where, and how fast its changed entries are found.";

    public static Command Make(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "A dump or a stream of a hashed page table, plain or gzip; a pipe will do." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of tables." };
        var command = new Command("hpt", Description) { file, json };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            using TableImage image = Read(path);
            var report = TableReport.Of(image);
            if (parsed.GetValue(json))
                HptJson.Write(report, terminal.Output);
            else
                new HptText(terminal.OutputConsole).Write(report, path);
            return ExitCode.Success;
        });
        return command;
    }

    private static TableImage Read(string path)
    {
        using InputFile file = FileArgument.Open(path, "a hashed page table", InputFile.Open);
        try
        {
            return TableImage.Read(file.Content);
        }
        catch (TableFormatException e)
        {
            throw new CommandException($"{path}: {e.Message}{(file.IsGzip ? " (in bytes of what the gzip file holds)" : "")}", e);
        }
        catch (OutOfMemoryException e)
        {
            throw new CommandException($"{path}: this machine does not have the memory for a table of that size", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}
