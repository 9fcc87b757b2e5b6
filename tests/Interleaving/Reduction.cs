namespace RingKit.Interleaving;

/// <summary>Which executions a depth-first exploration leaves out.</summary>
public enum Reduction
{
    /// <summary>Those that differ from another one only in the order of steps that do not matter to each other.</summary>
    PartialOrder,

    /// <summary>None: every order of the steps. For small programs, and to check the reduction itself.</summary>
    None,
}
