using RingKit.Kvm;

namespace RingKit.Cli.RealGuests;

/// <summary>The device that real guests run on.</summary>
internal static class KvmPath
{
    /// <summary>Names another file than /dev/kvm, if it is set.</summary>
    public const string Variable = "RINGKIT_KVM";

    /// <summary>The device's file.</summary>
    public static string Current => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? path : KvmDevice.DefaultPath;
}
