namespace RingKit.Mmu.Mapping;

/// <summary>What KVM would complain about once in its log (WARN), or check only in debug builds.</summary>
[Flags]
public enum MappingWarnings
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The order of guest_memfd's page is none of 0, 9 and 18; it is rounded down.</summary>
    OrderOfNoLevel = 1 << 0,

    /// <summary>Merged form: recovery of memory in guest_memfd, whose frame is not known without a fault; the answer is 4K.</summary>
    NoFrameWithoutFault = 1 << 1,

    /// <summary>Recovery was asked for while the slot logs dirty pages. It is not run then; the answer is 4K.</summary>
    DirtyTracked = 1 << 2,

    /// <summary>
    /// Guest and host frame differ in their offset within the level, so the mapping would show other memory (VM_BUG_ON). Never in RingKit's form.
    /// </summary>
    Misplaced = 1 << 3,
}
