namespace RingKit.Mmu.Migration.Running;

/// <summary>Runs a machine's vCPUs on threads of their own, as a migration needs it: it can stop and resume them, and is told who empties full rings.</summary>
public interface IGuestRunner
{
    /// <summary>
    /// Who empties a vCPU's full dirty ring, or null. A runner whose vCPU leaves the guest with <see cref="Guest.VcpuExit.DirtyRingFull"/> asks it, on the
    /// vCPU's
    /// thread, and runs the vCPU again. The migration sets it when it begins and takes it away when it ends.
    /// </summary>
    IFullRingServer? FullRings { get; set; }

    /// <summary>Time that the vCPUs have lost so far to full rings and throttling, summed over them. Any thread.</summary>
    TimeSpan StallTime { get; }

    /// <summary>Returns when no vCPU is in the guest; none enters it until <see cref="Resume"/>. Not on a vCPU's thread.</summary>
    void Pause();

    /// <summary>Lets the vCPUs run on.</summary>
    void Resume();
}
