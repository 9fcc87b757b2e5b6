namespace RingKit.Cli.Migrate.Running;

/// <summary>How a guest is held back that dirties pages faster than they are sent.</summary>
internal enum ThrottleKind
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Its vCPUs sleep for a share of their time: 20 % at first, 10 more each time, as QEMU's auto-converge.</summary>
    AutoConverge,

    /// <summary>Its vCPUs may dirty so many pages a second: half of what can be sent at first, half of that each time.</summary>
    Quota,
}
