using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>A guest that asks for every page for writing, one a step, and stores nothing.</summary>
/// <param name="pageCount">Pages from frame 0 on.</param>
internal struct TouchProgram(ulong pageCount) : IGuestProgram
{
    // A GiB: larger guests are mapped as far as that.
    private const ulong MostPages = 1UL << 18;

    private ulong _next;

    /// <summary>Lets a machine's first vCPU map the guest's memory, as it has when it has run for a while.</summary>
    /// <returns>How many pages from the first on it asked for.</returns>
    public static ulong Map(VirtualMachine machine)
    {
        ulong pages = Math.Min(MostPages, machine.Memory.Slots[0].PageCount);
        var program = new TouchProgram(pages);
        VcpuExit exit = machine.Vcpus[0].Run(ref program);
        return exit == VcpuExit.Halted ? pages : throw new InvalidOperationException($"The guest left with {exit} while it mapped its memory.");
    }

    public VcpuExit Step(Vcpu vcpu)
    {
        if (_next == pageCount)
            return VcpuExit.Halted;
        VcpuExit exit = vcpu.Store(_next << GuestPage.Shift, ReadOnlySpan<byte>.Empty);
        if (exit == VcpuExit.None)
            _next++;
        return exit;
    }
}
