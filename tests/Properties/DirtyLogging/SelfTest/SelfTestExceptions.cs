namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>When a page may be reported although it does not hold the iteration's number: the exceptions to I1 that a log needs.</summary>
/// <remarks>
/// The kernel's test grants a third one, to rings: the last entry of the iteration before, whose store retires with that iteration's number. A step of a
/// guest's program here is repeated as a whole, so its store has the number of the iteration in which it is done.
/// </remarks>
[Flags]
internal enum SelfTestExceptions
{
    /// <summary>None: what is reported was written.</summary>
    None = 0,

    /// <summary>All pages are set when the log starts: they are in the first harvest, and in no other.</summary>
    InitiallySet = 1 << 0,

    /// <summary>A vCPU may leave the guest after it has recorded the page that it is about to store to: that one page of each vCPU.</summary>
    UnretiredStore = 1 << 1,
}
