namespace RingKit.Mmu.Stage2.Host;

/// <summary>What the host has behind an address.</summary>
/// <param name="State">Whether there is a page, or why not.</param>
/// <param name="Address">The physical address of the 4 KiB page.</param>
/// <param name="IsWritable">Whether the host maps it writable.</param>
/// <param name="Shift">The size that the host maps it with: 12, 21 or 30.</param>
/// <param name="IsDriver">Whether it is a driver's, no page: of a VM_PFNMAP region.</param>
internal readonly record struct HostPage(HostPageState State, ulong Address, bool IsWritable, int Shift, bool IsDriver = false);
