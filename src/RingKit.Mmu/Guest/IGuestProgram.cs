namespace RingKit.Mmu.Guest;

/// <summary>What a vCPU runs: a trace, a store pattern, an interpreter.</summary>
public interface IGuestProgram
{
    /// <summary>Does one step, through the vCPU's loads and stores, on the vCPU's thread.</summary>
    /// <remarks>
    /// Other threads that invalidate translations wait for the end of the step: keep it short, and do not wait for them in it.
    /// </remarks>
    /// <param name="vcpu">The vCPU that runs the program.</param>
    /// <returns>
    /// <see cref="VcpuExit.None"/> to go on, <see cref="VcpuExit.Halted"/> at the end. An access that answers something else has not happened: the step
    /// returns that answer without moving on, and is repeated when the vCPU runs again.
    /// </returns>
    VcpuExit Step(Vcpu vcpu);
}
