namespace RingKit.Properties.DirtyLogging.Adaptive;

/// <summary>The contract of every log while it moves after each harvest.</summary>
public sealed class RestlessAdaptiveLogTests() : DirtyLogContract(AdaptiveLogs.Restless, memory => new Mmu.Guest.VirtualMachine(memory, vcpus: 2));
