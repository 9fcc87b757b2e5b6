namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>Why an access stopped.</summary>
internal enum Stage2FaultClass
{
    /// <summary>Nothing is mapped there.</summary>
    Translation,

    /// <summary>The entry does not have AF.</summary>
    AccessFlag,

    /// <summary>The entry does not allow it.</summary>
    Permission,
}
