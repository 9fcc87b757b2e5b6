using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>What the dirty logs with a bitmap for each slot have in common: a record always has room, and a harvest takes one slot's after the other.</summary>
public abstract class SlotBitmapsLog : WriteProtectingLog
{
    private protected SlotBitmapsLog(VirtualMachine machine)
        : base(machine)
    {
    }

    /// <inheritdoc/>
    public override ulong BookkeepingBytes => Machine.Memory.Slots.Aggregate(0UL, (sum, slot) => sum + BytesOf(slot));

    /// <inheritdoc/>
    public override bool CanRecord(Vcpu vcpu) => true;

    /// <inheritdoc/>
    public override bool NeedsHarvest(Vcpu vcpu) => false;

    private protected override void Collect<TSink>(ref TSink sink)
    {
        Machine.Mmu.BringInRecords();
        foreach (MemorySlot slot in Machine.Memory.Slots)
            CollectSlot(slot, ref sink);
    }

    private protected override void ForgetSlot(MemorySlot slot)
    {
        var forget = default(ForgettingSink);
        CollectSlot(slot, ref forget);
    }

    /// <summary>Bytes of a slot's bitmap.</summary>
    private protected abstract ulong BytesOf(MemorySlot slot);

    /// <summary>Takes what is recorded of a slot, protects it, hands it to the sink, and books it. Under the lock.</summary>
    private protected abstract void CollectSlot<TSink>(MemorySlot slot, ref TSink sink)
        where TSink : struct, IDirtyPageSink;
}
