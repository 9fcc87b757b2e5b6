namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>An access that stage 2 does not let through, as the syndrome describes it.</summary>
/// <param name="Ipa">The address, to the byte.</param>
/// <param name="Class">Why.</param>
/// <param name="Level">The level at which the walk stopped.</param>
/// <param name="Kind">What the access wanted.</param>
internal readonly record struct Stage2Fault(ulong Ipa, Stage2FaultClass Class, int Level, Stage2Access Kind)
{
    /// <summary>
    /// Whether it counts as a write: a store, and a walk of the guest's own table that stopped for a permission, as such walks set the guest's bits.
    /// </summary>
    public bool IsWrite => Kind == Stage2Access.Store || (Kind == Stage2Access.GuestWalk && Class == Stage2FaultClass.Permission);
}
