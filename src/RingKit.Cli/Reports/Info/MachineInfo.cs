using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace RingKit.Cli.Reports.Info;

/// <summary>The machine, as far as it decides what RingKit does and how fast.</summary>
/// <param name="Processor">The processor's name.</param>
/// <param name="Architecture">Its instruction set.</param>
/// <param name="Cores">Logical processors that this process may use.</param>
/// <param name="PageSize">The host's page size in bytes.</param>
/// <param name="SimdPaths">The SIMD paths that run, the widest, which RingKit takes, first.</param>
/// <param name="OperatingSystem">Its name and version.</param>
/// <param name="Runtime">The .NET runtime.</param>
internal sealed record MachineInfo(
    string Processor,
    string Architecture,
    int Cores,
    int PageSize,
    IReadOnlyList<string> SimdPaths,
    string OperatingSystem,
    string Runtime)
{
    /// <summary>What its kernel offers, where that was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public KernelInfo? Kernel { get; init; }

    public static MachineInfo Read() => new(
        ProcessorName(),
        RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        Environment.SystemPageSize,
        Paths(),
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription);

    public void WriteJson(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(this, JsonReportContext.Default.MachineInfo));

    public void WriteText(IAnsiConsole console)
    {
        Grid grid = new Grid().AddColumn().AddColumn();
        void Row(string name, string value) => grid.AddRow(new Text(name), new Text(value));
        Row("processor", $"{Processor} ({Architecture})");
        Row("cores", Cores.ToString(CultureInfo.InvariantCulture));
        Row("page size", string.Create(CultureInfo.InvariantCulture, $"{PageSize} bytes"));
        Row("SIMD paths", $"{string.Join(", ", SimdPaths)} (the first is taken)");
        Row("system", OperatingSystem);
        Row("runtime", Runtime);
        if (Kernel is { } kernel)
        {
            Row("kernel", kernel.Release);
            Row("userfaultfd", kernel.Userfaultfd.Count == 0 ? "none" : string.Join(", ", kernel.Userfaultfd));
            Row("host log", kernel.HostLogMissing ?? "offered, and a known write was reported");
            WriteKvm(kernel.Kvm, Row);
        }

        console.Write(grid);
    }

    private static void WriteKvm(KvmInfo kvm, Action<string, string> row)
    {
        string modules = kvm.Modules.Count == 0 ? "" : $" ({string.Join(", ", kvm.Modules)}{(kvm.IsNested ? "; this machine is a guest itself" : "")})";
        if (kvm.Missing is not null)
        {
            row("KVM", $"{kvm.Missing}{modules}");
            return;
        }

        row("KVM", string.Create(CultureInfo.InvariantCulture, $"{kvm.Device}, API version {kvm.ApiVersion}{modules}"));
        row("KVM rings", kvm.RingEntries == 0 ? "none" : string.Create(
            CultureInfo.InvariantCulture,
            $"up to {kvm.RingEntries} entries; RING {kvm.RingBytes} bytes, RING_ACQ_REL {kvm.RingAcqRelBytes}, WITH_BITMAP {(kvm.RingWithBitmap ? "yes" : "no")}"));
        row("KVM bitmaps", !kvm.ManualProtect ? "automatic" : kvm.InitiallySet ? "automatic, manual, initially set" : "automatic, manual");
        row("KVM offers", string.Join(", ", kvm.Capabilities.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value}"))));
    }

    private static string[] Paths()
    {
        var paths = new List<string>();
        if (Vector512.IsHardwareAccelerated)
            paths.Add("512");
        if (Vector256.IsHardwareAccelerated)
            paths.Add("256");
        if (Vector128.IsHardwareAccelerated)
            paths.Add("128");
        paths.Add("scalar");
        return [.. paths];
    }

    // .NET has no name for the processor: Linux and Windows each say it in a place of their own.
    private static string ProcessorName()
    {
        const string LinuxFile = "/proc/cpuinfo";
        try
        {
            string? line = File.Exists(LinuxFile)
                ? File.ReadLines(LinuxFile).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
                : null;
            if (line is not null)
                return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        }
        catch (IOException)
        {
            // The name is a courtesy.
        }

        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown";
    }
}
