namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>Faults as the patches of 2014 handle them.</summary>
internal sealed partial class Stage2HvCore<TOrdering>
{
    private Stage2FaultOutcome MapPosted<TThread>(ref TThread thread, Stage2VcpuState<TOrdering> vcpu, in Stage2Fault fault, Stage2Slot slot)
        where TThread : struct, IStage2HostThread, allows ref struct => MapCurrent(ref thread, vcpu, in fault, slot);
}
