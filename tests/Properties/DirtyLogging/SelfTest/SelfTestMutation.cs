namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>What a broken log could do, put between the log and the test: each must be found.</summary>
public enum SelfTestMutation
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>One page that was not written, the neighbour of one that was, is reported.</summary>
    MarksNeighbour,

    /// <summary>One page that was written is not reported.</summary>
    DropsPage,

    /// <summary>One page is reported an iteration late, whether it is written again or not.</summary>
    ReportsLate,

    /// <summary>One page that is reported holds the value of the iteration before: its store did not arrive.</summary>
    LeavesStaleValue,

    /// <summary>One page is dropped, in the last iteration alone.</summary>
    MissesInLast,
}
