using System.Globalization;
using System.Text;

namespace RingKit.Interleaving;

/// <summary>Writes down the steps of one execution for a reader.</summary>
internal sealed class TraceRecorder
{
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<nuint, string> _names = [];

    /// <summary>The recorder of the execution that the calling thread has begun, if that one is printed.</summary>
    [ThreadStatic]
    internal static TraceRecorder? Current;

    private readonly record struct Entry(int Thread, OperationKind Kind, int Location, int Clock, string Where, string Text);

    public void Name(nuint address, string name) => _names[address] = name;

    public void Step(
        LogicalThread thread,
        OperationKind kind,
        MemoryOrder order,
        Location? location,
        ulong value,
        StoreRecord? read,
        StoreRecord? written,
        int step,
        string file,
        int line)
    {
        string where = Place(file, line);
        string place = location is null ? "" : NameOf(location);
        string what = kind switch
        {
            OperationKind.Load => $"{place} = {Show(value)} from {Source(read!)}",
            OperationKind.Store => $"{place} := {Show(value)}{Position(location!, written!)}",
            OperationKind.ReadModifyWrite when written is null => $"{place} = {Show(read!.Value)} from {Source(read)}, refused",
            OperationKind.ReadModifyWrite => $"{place} = {Show(read!.Value)} from {Source(read)}, := {Show(value)}",
            OperationKind.PlainWrite => $"{place} := {Show(value)}",
            _ => place,
        };
        string operation = kind switch
        {
            OperationKind.Load or OperationKind.Store or OperationKind.ReadModifyWrite => $"{kind}{order}",
            _ => kind.ToString(),
        };
        string number = step < 0 ? "" : step.ToString(CultureInfo.InvariantCulture);
        bool isPlain = kind is OperationKind.PlainRead or OperationKind.PlainWrite;
        string text = $"{number,5}  T{thread.Index}  {operation,-22} {what,-56} {where}";
        _entries.Add(new Entry(thread.Index, kind, location?.Index ?? -1, thread.Clock + (isPlain ? 1 : 0), where, text));
    }

    /// <summary>A part of a process-wide fence.</summary>
    public void Step(LogicalThread thread, LogicalThread fenced, int step, string file, int line) =>
        _entries.Add(new Entry(
            thread.Index,
            OperationKind.ProcessWideFence,
            -1,
            thread.Clock,
            Place(file, line),
            $"{step,5}  T{thread.Index}  {OperationKind.ProcessWideFence,-22} {$"in T{fenced.Index}",-56} {Place(file, line)}"));

    public static string Place(string file, int line) => $"{Path.GetFileName(file)}:{line}";

    /// <summary>Says who made an earlier access, and where it is in the source if the execution is written down.</summary>
    public static string DescribeAccess(TraceRecorder? trace, string access, int thread, Location location, int clock)
    {
        string place = "";
        foreach (Entry entry in trace?._entries ?? [])
        {
            if ((entry.Thread, entry.Location, entry.Clock) == (thread, location.Index, clock))
                place = $" at {entry.Where}";
        }

        return $"{access} by T{thread}{place}";
    }

    public string NameOf(Location location) =>
        _names.TryGetValue(location.Address, out string? name) ? name : $"#{location.Index}";

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (Entry entry in _entries)
            text.AppendLine(entry.Text);
        return text.ToString();
    }

    private static string Show(ulong value) =>
        value < 1_000_000 ? value.ToString(CultureInfo.InvariantCulture) : $"0x{value:x}";

    private static string Source(StoreRecord store) => store.Step < 0 ? "the start" : $"T{store.Writer}'s step {store.Step}";

    private static string Position(Location location, StoreRecord store)
    {
        int position = location.PositionOf(store);
        return position == location.StoreCount - 1 ? "" : $" before {Source(location.Stores[position + 1])}";
    }
}
