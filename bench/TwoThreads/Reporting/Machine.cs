using System.Runtime.InteropServices;
using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads.Reporting;

/// <summary>What the figures were measured on.</summary>
internal sealed record Machine(string Processor, int Cores, string SharedWithFirst, string System, string Runtime)
{
    public static Machine This => new(
        ProcessorName(),
        Environment.ProcessorCount,
        TryRead("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list") ?? "?",
        RuntimeInformation.OSDescription,
        $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.ProcessArchitecture}");

    /// <summary>The load averages over 1, 5 and 15 minutes.</summary>
    public static string Load => TryRead("/proc/loadavg") is { } load ? string.Join(' ', load.Split(' ')[..3]) : "unknown";

    public string Pinning => Crew.IsPinned
        ? $"thread i on core i modulo {Crew.CoreCount}"
        : "NOT pinned: the system gives this process no say in it, and the figures mean little";

    private static string ProcessorName()
    {
        string[] lines = TryRead("/proc/cpuinfo")?.Split('\n') ?? [];
        string Field(string name) =>
            lines.FirstOrDefault(line => line.StartsWith(name + "\t", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "?";
        return lines.Length != 0 ? $"{Field("model name")} (family {Field("cpu family")}, model {Field("model")})" : "unknown";
    }

    private static string? TryRead(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
