using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Mmu.Stage2.Machine;

/// <summary>A thread of the simulated machine: a vCPU that has left the guest for a fault, or one of the host's own.</summary>
/// <param name="machine">The machine.</param>
/// <param name="self">The vCPU that the calling thread runs, or null.</param>
/// <param name="tally">That vCPU's, or the host's.</param>
/// <param name="checker">Watches, in tests; or null.</param>
internal struct Stage2MachineThread(VirtualMachine machine, Vcpu? self, Stage2Tally tally, Stage2Checker? checker) : IStage2HostThread
{
    private SpinWait _spinner;

    /// <inheritdoc/>
    public void Relax()
    {
        self?.AnswerInvalidations();
        _spinner.SpinOnce(sleep1Threshold: -1);
    }

    /// <inheritdoc/>
    public readonly void MarkDirty(MemorySlot slot, ulong offset)
    {
        // Room was asked for before the fault, which maps one page while its slot is logged. Nobody but vCPUs faults. A log that stops lowers the flag first, and
        // forgets what came until then; a vCPU that dissolves a block may answer it in the middle of the fault, and comes later.
        if (self is not null && slot.LogsDirtyPages && machine.DirtyLog is { } log)
            self.Record(log, slot, offset);
    }

    /// <inheritdoc/>
    public readonly void InvalidateIpa(ulong ipa, int level)
    {
        // A TLB that is not told the level may have it from the largest block.
        tally.CountIpa();
        ulong size = Stage2Geometry.SizeAt(Math.Max(level, Stage2Geometry.MinimumBlockLevel));
        machine.Shootdown.Range((ipa & ~(size - 1)) >> GuestPage.Shift, size >> GuestPage.Shift);
        if (checker is not null)
        {
            lock (checker)
                checker.InvalidatedIpa(ipa, level);
        }
    }

    /// <inheritdoc/>
    public readonly void InvalidateRange(ulong ipa, ulong size)
    {
        tally.CountRange();
        machine.Shootdown.Range(ipa >> GuestPage.Shift, size >> GuestPage.Shift);
        if (checker is not null)
        {
            lock (checker)
                checker.InvalidatedRange(ipa, size);
        }
    }

    /// <inheritdoc/>
    public readonly void InvalidateAll() => machine.InvalidateTlbs();

    /// <inheritdoc/>
    public readonly void InvalidateLocal(ulong ipa, int level)
    {
        // A thread of the host's has no TLB with the guest's translations.
        tally.CountLocal();
        ulong size = Stage2Geometry.SizeAt(Math.Max(level, Stage2Geometry.MinimumBlockLevel));
        self?.DropLocally((ipa & ~(size - 1)) >> GuestPage.Shift, size >> GuestPage.Shift);
    }

    /// <inheritdoc/>
    public readonly void Changed(ulong ipa, int level, Stage2Descriptor before, Stage2Descriptor after)
    {
        if (checker is null)
            return;
        lock (checker)
            checker.Changed(ipa, level, before, after);
    }

    /// <inheritdoc/>
    public readonly void TableTaken(ulong table)
    {
        tally.CountTaken();
        if (checker is null)
            return;
        lock (checker)
            checker.TableTaken(table);
    }

    /// <inheritdoc/>
    public readonly void TableFreed(ulong table)
    {
        tally.CountFreed();
        if (checker is null)
            return;
        lock (checker)
            checker.TableFreed(table);
    }
}
