namespace RingKit.Properties.Stage2.Machine;

/// <summary>One thing that happens to a machine.</summary>
/// <param name="Deed">What.</param>
/// <param name="Vcpu">By which vCPU, if by one.</param>
/// <param name="Page">Where, of the slot's pages.</param>
/// <param name="Count">How many pages, or more, from there on.</param>
internal sealed record MachineStep(MachineDeed Deed, int Vcpu, int Page, int Count);
