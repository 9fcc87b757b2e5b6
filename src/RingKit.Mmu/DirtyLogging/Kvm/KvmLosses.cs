namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>What the defects of a <see cref="KvmFidelity"/> have cost since the log was made. KVM counts none of it; all are 0 in a safe log.</summary>
/// <param name="OverwrittenEntries">Pushes into full rings: <see cref="KvmFidelity.PushOverwritesFullRing"/>.</param>
/// <param name="UnprotectedPages">Pages that resets have given back and not protected: <see cref="KvmFidelity.SignalLosesBatch"/>.</param>
/// <param name="UnfetchedPages">Pages taken for memory that could not have them: <see cref="KvmFidelity.BadAddressLosesPages"/>.</param>
/// <param name="DroppedWrites">Writes without a vCPU that nothing has recorded: <see cref="KvmFidelity.DropsVcpulessWrites"/>. KVM warns of the first.</param>
public readonly record struct KvmLosses(ulong OverwrittenEntries, ulong UnprotectedPages, ulong UnfetchedPages, ulong DroppedWrites);
