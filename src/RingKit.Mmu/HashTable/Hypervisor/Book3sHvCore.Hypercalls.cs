using RingKit.Mmu.HashTable.Hypercalls;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>Hypercalls by their number.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    /// <summary>Does what the guest asks for. Any arguments get an answer.</summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="number">r3, one of <see cref="Hypercall"/>.</param>
    /// <param name="registers">r4 to r11. The answer replaces those that it has a value for; if it is not H_SUCCESS, none, but for H_BULK_REMOVE.</param>
    /// <returns>r3. H_FUNCTION: no hypercall on the table has this number.</returns>
    /// <exception cref="ArgumentException">There are not 8 registers.</exception>
    internal HypercallStatus Invoke<TThread>(ref TThread thread, ulong number, Span<ulong> registers)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (registers.Length != 8)
            throw new ArgumentException($"A hypercall has the 8 registers r4 to r11, not {registers.Length}.", nameof(registers));

        ulong flags = registers[0], index = registers[1];
        switch (number)
        {
            case Hypercall.Enter:
                return Answer(registers[..1], Enter(ref thread, flags, index, registers[2], registers[3]));
            case Hypercall.Remove:
                return Answer(registers[..2], Remove(ref thread, flags, index, registers[2]));
            case Hypercall.ClearReferenced:
                return Answer(registers[..1], ClearReferenced(ref thread, index));
            case Hypercall.ClearModified:
                return Answer(registers[..1], ClearModified(ref thread, index));
            case Hypercall.BulkRemove:
                return BulkRemove(ref thread, registers);
            case Hypercall.Protect:
                return Protect(ref thread, flags, index, registers[2]);
            case Hypercall.Read:
                return Read(flags, index, registers);
            case Hypercall.PageInit:
                return PageInit(ref thread, flags, index, registers[2]);
            default:
                return HypercallStatus.Function;
        }
    }

    private static HypercallStatus Answer(Span<ulong> registers, HypercallResult result)
    {
        if (result.Status == HypercallStatus.Success)
        {
            registers[0] = result.R4;
            if (registers.Length > 1)
                registers[1] = result.R5;
        }

        return result.Status;
    }
}
