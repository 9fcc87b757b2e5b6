using RingKit.Kvm.DirtyLogging;
using RingKit.Properties.Support;
using Xunit;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace RingKit.Kvm.Tests.Support;

/// <summary>The kernel that the tests need. RINGKIT_KVM names another device file than /dev/kvm: one that is not there has all of them skipped.</summary>
internal static class Kernel
{
    private const string Variable = "RINGKIT_KVM";

    private static readonly HashSet<string> Said = [];

    /// <summary>Skips the test where the kernel lacks a form, and says once what it lacks.</summary>
    public static void Need(KvmLogForm form = KvmLogForm.Ring)
    {
        string? missing = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? KvmGuest.WhyNot(form, path) : null;
        missing ??= KvmGuest.WhyNot(form);
        if (missing is null)
            return;
        lock (Said)
        {
            if (Said.Add(missing))
                Report.Line($"Tests of a real KVM are skipped: {missing}.");
        }

        Assert.Skip(missing);
    }
}
