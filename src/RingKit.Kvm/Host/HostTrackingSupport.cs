namespace RingKit.Kvm.Host;

/// <summary>What this machine offers for tracking host memory.</summary>
/// <param name="Userfaultfd">What its userfaultfd can do; <see cref="UserfaultFeatures.None"/> where there is none, or the process may not use it.</param>
/// <param name="Problem">Why memory is not tracked, or null where it is.</param>
/// <param name="WhyNot">The same as one line, or null.</param>
public sealed record HostTrackingSupport(UserfaultFeatures Userfaultfd, HostTrackingProblem? Problem, string? WhyNot)
{
    /// <summary>Whether a <see cref="HostDirtyLog"/> can be made, as far as it depends on the machine.</summary>
    public bool IsOffered => Problem is null;

    /// <summary>Asks the kernel, and writes a few pages to see whether it does what it says.</summary>
    public static HostTrackingSupport Read()
    {
        UserfaultFeatures features = UserfaultFeatures.None;
        try
        {
            features = HostTracker.ReadFeatures();
            using var tracker = HostTracker.Open();
            HostSelfCheck.Run(tracker);
            return new HostTrackingSupport(features, null, null);
        }
        catch (HostTrackingException e)
        {
            return new HostTrackingSupport(features, e.Problem, e.Message);
        }
    }
}
