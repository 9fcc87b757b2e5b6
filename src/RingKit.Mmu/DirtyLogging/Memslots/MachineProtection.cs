using System.Numerics;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Memslots;

/// <summary>A slot's protection by the page table of a simulated machine, which takes its own locks.</summary>
internal readonly struct MachineProtection(WriteProtectingLog log, VirtualMachine machine, MemorySlot slot, MaskedProtection masked = MaskedProtection.Exact)
    : IMemslotProtection
{
    public void Enter()
    {
    }

    public void Exit()
    {
    }

    public void ProtectAll() => machine.Mmu.WriteProtectAll(slot);

    public void Protect(ulong firstPage, ulong mask) => log.Protect(slot, firstPage, masked == MaskedProtection.Span ? SpanOf(mask) : mask);

    public void Split(ulong firstPage, ulong count) => machine.Mmu.SplitBlocks(slot, firstPage, count);

    public void Flush() => log.Invalidate();

    public void Sync()
    {
        machine.Mmu.BringInRecords();
        log.BringInWritesWithoutVcpu(slot);
    }

    private static ulong SpanOf(ulong mask) =>
        (ulong.MaxValue << BitOperations.TrailingZeroCount(mask)) & (ulong.MaxValue >> BitOperations.LeadingZeroCount(mask));
}
