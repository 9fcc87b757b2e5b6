namespace RingKit.Kvm.Guests;

/// <summary>The processor's mode that a guest program is written for.</summary>
public enum GuestMode
{
    /// <summary>16 bits: it reaches pages 0 to 255, and needs no page tables.</summary>
    Real,

    /// <summary>64 bits, with page tables in the guest's own memory: the processor marks them as it uses them, and those marks are stores too.</summary>
    Long,
}
