using RingKit.DirtyRings;
using RingKit.Kvm;
using RingKit.Kvm.DirtyLogging;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;

namespace RingKit.Cli.Reports.Info;

/// <summary>What the machine's KVM offers.</summary>
/// <param name="Device">Its file.</param>
/// <param name="Missing">Why there is none for this process, or null.</param>
/// <param name="Modules">The kernel's modules that make it, as far as the system says.</param>
/// <param name="IsNested">Whether this machine is a guest itself: its guests then cost what they cost nowhere else.</param>
/// <param name="ApiVersion">The interface's version.</param>
/// <param name="RingBytes">The largest ring by KVM_CAP_DIRTY_LOG_RING, or 0.</param>
/// <param name="RingAcqRelBytes">The largest ring by KVM_CAP_DIRTY_LOG_RING_ACQ_REL, or 0.</param>
/// <param name="RingWithBitmap">Whether there are bitmaps beside rings.</param>
/// <param name="ManualProtect">Whether a bitmap can be copied, and cleared later.</param>
/// <param name="InitiallySet">Whether a bitmap can begin with all pages.</param>
/// <param name="Capabilities">What else there is, by name, with what it answers.</param>
internal sealed record KvmInfo(
    string Device,
    string? Missing,
    IReadOnlyList<string> Modules,
    bool IsNested,
    int ApiVersion,
    int RingBytes,
    int RingAcqRelBytes,
    bool RingWithBitmap,
    bool ManualProtect,
    bool InitiallySet,
    IReadOnlyDictionary<string, int> Capabilities)
{
    private const int InitiallySetFlag = 2;

    /// <summary>The largest ring's entries, or 0.</summary>
    public int RingEntries => Math.Max(RingBytes, RingAcqRelBytes) / DirtyGfn.SizeInBytes;

    /// <summary>Asks a device.</summary>
    /// <param name="path">Its file.</param>
    public static KvmInfo Read(string path)
    {
        Errno error = KvmDevice.Open(out KvmDevice? device, path);
        using (device)
        {
            if (device is null)
            {
                string missing = KvmGuest.WhyNot(KvmLogForm.Bitmap, path) ?? error.ToString();
                return new KvmInfo(path, missing, ModuleNames(), IsGuest(), 0, 0, 0, false, false, false, new Dictionary<string, int>(StringComparer.Ordinal));
            }

            int manual = device.CheckExtension(KvmCapability.ManualDirtyLogProtect2);
            return new KvmInfo(
                path,
                null,
                ModuleNames(),
                IsGuest(),
                device.ApiVersion,
                device.CheckExtension(KvmCapability.DirtyLogRing),
                device.CheckExtension(KvmCapability.DirtyLogRingAcqRel),
                device.CheckExtension(KvmCapability.DirtyLogRingWithBitmap) != 0,
                manual != 0,
                (manual & InitiallySetFlag) != 0,
                Enum.GetValues<KvmExtension>().Where(extension => extension != KvmExtension.None).ToDictionary(NameOf, device.CheckExtension, StringComparer.Ordinal));
        }
    }

    private static string NameOf(KvmExtension extension) => UpperSnake.Of(extension.ToString());

    private static string[] ModuleNames()
    {
        const string Folder = "/sys/module";
        return Directory.Exists(Folder) ? [.. Directory.EnumerateDirectories(Folder, "kvm*").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)] : [];
    }

    // Linux on x86 has the hypervisor's bit among the processor's flags.
    private static bool IsGuest()
    {
        const string File = "/proc/cpuinfo";
        try
        {
            return System.IO.File.Exists(File)
                && System.IO.File.ReadLines(File).FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ').Contains("hypervisor") == true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
