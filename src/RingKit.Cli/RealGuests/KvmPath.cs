using RingKit.Cli.Commands;
using RingKit.Kvm;
using RingKit.Kvm.DirtyLogging;

namespace RingKit.Cli.RealGuests;

/// <summary>The device that real guests run on.</summary>
internal static class KvmPath
{
    /// <summary>Names another file than /dev/kvm, if it is set.</summary>
    public const string Variable = "RINGKIT_KVM";

    /// <summary>Looks whether real guests can run here.</summary>
    /// <param name="form">How the kernel tells what they write.</param>
    /// <param name="path">The device's file, or null for <see cref="Current"/>.</param>
    /// <exception cref="CommandException">This machine or this process lacks what they need; the message says what.</exception>
    public static void Require(KvmLogForm form, string? path = null)
    {
        if (KvmGuest.WhyNot(form, path ?? Current) is { } missing)
            throw new CommandException($"no real guest can run here: {missing}");
    }

    /// <summary>The device's file.</summary>
    public static string Current => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? path : KvmDevice.DefaultPath;
}
