using RingKit.Cli.Commands;
using RingKit.Cli.Replay;

namespace RingKit.Cli.Reports;

/// <summary>The file of <c>--csv</c>: opened before the replay, so that nobody waits in vain, and filled after it.</summary>
internal sealed class CsvFile : IDisposable
{
    private const string Header =
        "interval,log,stores,dirty_pages,faults,invalidations,harvest_us,reset_calls,entries,entries_per_reset_call,"
        + "ring_full_exits,bytes_touched";

    private readonly FileStream _file;
    private readonly string _path;
    private readonly bool _isNew;
    private bool _written;

    private CsvFile(string path)
    {
        _path = path;
        _isNew = !Path.Exists(path);
        // Not shared: the trace is open for reading, and this fails if somebody names it here.
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0);
    }

    /// <exception cref="CommandException">It cannot be written.</exception>
    public static CsvFile Open(string path)
    {
        try
        {
            return new CsvFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandException($"--csv {path}: cannot be written: {e.Message}", e);
        }
    }

    /// <exception cref="CommandException">It cannot be written.</exception>
    public void Write(ReplayReport report)
    {
        try
        {
            // What an earlier run left is dropped only now that there is something better.
            if (_file.CanSeek && _file.Length > 0)
                _file.SetLength(0);
            using var writer = new StreamWriter(_file, leaveOpen: true) { NewLine = "\n" };
            WriteRows(report, writer);
            writer.Flush();
            _written = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--csv {_path}: cannot be written: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        if (_isNew && !_written)
            File.Delete(_path);
    }

    private static void WriteRows(ReplayReport report, StreamWriter writer)
    {
        writer.WriteLine(Header);
        for (int i = 0; i < report.Logs[0].Intervals.Length; i++)
        {
            foreach (LogReport log in report.Logs)
            {
                IntervalFigures row = log.Intervals[i];
                writer.Write(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{row.Index},{log.Log},{row.Stores},{row.DirtyPages},{row.Faults},{row.Invalidations},"));
                writer.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{row.HarvestTime.TotalMicroseconds:0.0},{row.ResetCalls},{row.Entries},{row.EntriesPerResetCall:0.###},{row.RingFullExits},{row.BytesTouched}"));
            }
        }
    }
}
