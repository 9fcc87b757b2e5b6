using RingKit.Mmu.Guest;
using RingKit.Mmu.Guest.Translation;
using RingKit.Mmu.HashTable.Hypervisor;

namespace RingKit.Mmu.HashTable.Machine;

/// <summary>A thread of the simulated machine: a vCPU in a hypercall or a fault, or one of the host's that harvests or takes pages away.</summary>
/// <param name="machine">The machine.</param>
/// <param name="self">The vCPU that the calling thread runs, or null.</param>
internal struct MachineThread(VirtualMachine machine, Vcpu? self) : IHostThread
{
    private SpinWait _spinner;

    /// <summary>The name by which TLBs drop what comes from an entry; never 0.</summary>
    public static ulong SourceOf(ulong index) => index + 1;

    /// <summary>How many entries were invalidated.</summary>
    public ulong Invalidations { get; private set; }

    /// <inheritdoc/>
    public void Relax()
    {
        self?.AnswerInvalidations();
        _spinner.SpinOnce(sleep1Threshold: -1);
    }

    /// <inheritdoc/>
    public void Tlbie(scoped ReadOnlySpan<ulong> indices)
    {
        Invalidations += (uint)indices.Length;
        if (indices.Length > TlbShootdown.MostSources)
        {
            machine.Shootdown.All();
            return;
        }

        Span<ulong> sources = stackalloc ulong[TlbShootdown.MostSources];
        for (int i = 0; i < indices.Length; i++)
            sources[i] = SourceOf(indices[i]);
        machine.Shootdown.Of(sources[..indices.Length]);
    }
}
