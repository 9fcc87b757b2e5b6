namespace RingKit.Interleaving;

/// <summary>What is wrong with an execution.</summary>
public enum FailureKind
{
    /// <summary>Two accesses to payload, one of them a write, that nothing orders.</summary>
    Race,

    /// <summary>The program threw.</summary>
    Assertion,

    /// <summary>All threads that have not ended wait, and none of them has anything new to read.</summary>
    Deadlock,

    /// <summary>The execution does not end within the bound.</summary>
    StepLimit,

    /// <summary>The program is not one that the model can run.</summary>
    Model,
}
