namespace RingKit.Properties.DirtyLogging.Kvm;

// The defects are those of KVM's calls and pushes: a harvest loses nothing that is recorded.
public sealed class FaithfulRingLogContract() : WriteProtectingLogContract(KvmLogs.FaithfulRings, bytesOfTheBooks: 2 * 65 * 16);
