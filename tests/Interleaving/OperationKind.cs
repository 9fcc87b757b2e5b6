namespace RingKit.Interleaving;

/// <summary>The kinds of step that a program takes on shared memory.</summary>
public enum OperationKind
{
    /// <summary>An atomic load.</summary>
    Load,

    /// <summary>An atomic store.</summary>
    Store,

    /// <summary>An atomic read-modify-write: loads and stores in one step.</summary>
    ReadModifyWrite,

    /// <summary>A full fence.</summary>
    Fence,

    /// <summary>A full fence that another thread's process-wide fence puts into one thread.</summary>
    ProcessWideFence,

    /// <summary>A read of payload.</summary>
    PlainRead,

    /// <summary>A write of payload.</summary>
    PlainWrite,

    /// <summary>The thread waits for another one.</summary>
    Pause,
}
