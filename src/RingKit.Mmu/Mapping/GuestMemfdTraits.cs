namespace RingKit.Mmu.Mapping;

/// <summary>The flags of <c>KVM_CREATE_GUEST_MEMFD</c>, with KVM's values.</summary>
[Flags]
public enum GuestMemfdTraits : ulong
{
    /// <summary>Private memory only: the host cannot map the file.</summary>
    None = 0,

    /// <summary><c>GUEST_MEMFD_FLAG_MMAP</c>: the host may map the file, and slots that are bound to it take all their memory from it.</summary>
    Mmap = 1 << 0,

    /// <summary><c>GUEST_MEMFD_FLAG_INIT_SHARED</c>: the memory begins shared. Only for machines without private memory.</summary>
    InitShared = 1 << 1,
}
