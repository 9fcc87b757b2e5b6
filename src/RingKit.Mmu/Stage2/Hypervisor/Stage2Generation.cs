namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>Which generation of KVM on arm handles the faults.</summary>
public enum Stage2Generation
{
    /// <summary>The patches of 2014, with the flags as their reviewer asked, without the defects that were found later.</summary>
    Posted2014,

    /// <summary>KVM of about Linux 6.18 to 7.1.</summary>
    Current,
}
