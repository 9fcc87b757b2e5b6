using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Tdp.Machine;

/// <summary>A thread of the simulated machine: a vCPU in a fault, or one of the host's that harvests or changes memory.</summary>
/// <param name="machine">The machine.</param>
/// <param name="self">The vCPU that the calling thread runs, or null.</param>
internal struct TdpThread(VirtualMachine machine, Vcpu? self) : ITdpThread
{
    private SpinWait _spinner;

    /// <inheritdoc/>
    public void Relax()
    {
        self?.AnswerInvalidations();
        _spinner.SpinOnce(sleep1Threshold: -1);
    }

    /// <inheritdoc/>
    public readonly void Synchronize() => machine.Shootdown.Nothing();

    /// <inheritdoc/>
    public readonly void Flush(ulong firstGfn, ulong endGfn) => ((TdpMmu)machine.Mmu).Flush(firstGfn, endGfn);

    /// <inheritdoc/>
    public readonly void MarkDirty(MemorySlot slot, ulong offset)
    {
        // A log that stops lowers the flag first, and forgets what came until then.
        if (slot.LogsDirtyPages && machine.DirtyLog is { } log)
            self!.Record(log, slot, offset);
    }
}
