using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.DirtyLogging.Sinks;
using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <content>Bitmaps: KVM_GET_DIRTY_LOG and KVM_CLEAR_DIRTY_LOG; and harvests of all there is.</content>
public sealed partial class KvmDirtyLog
{
    /// <summary>Fetches a slot's bitmap: KVM_GET_DIRTY_LOG. In automatic mode its pages are taken out and protected, and may be read when it returns.</summary>
    /// <param name="slot">Any value: address space id in bits 16..31, slot id in bits 0..15.</param>
    /// <param name="bitmap">Gets KVM's bytes: 8 for each 64 pages of the slot that are begun; those behind stay as they are.</param>
    /// <returns>
    /// In KVM's order: <see cref="Errno.NoDevice"/> where rings have no bitmaps beside them; <see cref="Errno.Invalid"/> for an id out of range;
    /// <see cref="Errno.NoEntry"/> if there is no such
    /// slot, or it is not logged; <see cref="Errno.BadAddress"/> if the bytes are too few (see <see cref="KvmFidelity.BadAddressLosesPages"/>).
    /// </returns>
    public Errno GetDirtyLog(uint slot, Span<byte> bitmap)
    {
        using VcpuSafeScope scope = EnterSlots();
        ObjectDisposedException.ThrowIf(Machine.DirtyLog != this, this);
        if (!_hasBitmaps)
            return Errno.NoDevice;
        Errno error = Find(slot, out MemorySlot? found);
        if (error != Errno.None)
            return error;
        MachineProtection protection = ProtectionOf(found!);
        return LogOf(found!).Get(ref protection, bitmap);
    }

    /// <summary>
    /// Takes pages out of a slot's bitmap and protects those that were in it: KVM_CLEAR_DIRTY_LOG, in any mode. They may be read when it returns. Only pages
    /// that a fetch had are safe to clear:
    /// the others are lost.
    /// </summary>
    /// <param name="slot">Any value: address space id in bits 16..31, slot id in bits 0..15.</param>
    /// <param name="firstPage">A multiple of 64.</param>
    /// <param name="pageCount">A multiple of 64, or as many as there are to the slot's end; may be 0.</param>
    /// <param name="bitmap">KVM's bytes: bit 0 stands for <paramref name="firstPage"/>. Bits beyond the slot are ignored.</param>
    /// <returns>
    /// In KVM's order: <see cref="Errno.NoDevice"/> as above; <see cref="Errno.Invalid"/> for an id out of range, or a first page within a word;
    /// <see cref="Errno.NoEntry"/> as above;
    /// <see cref="Errno.Invalid"/> for a range that leaves the slot or ends within a word; <see cref="Errno.BadAddress"/> if the bytes are too few, with
    /// nothing lost.
    /// </returns>
    public Errno ClearDirtyLog(uint slot, ulong firstPage, uint pageCount, ReadOnlySpan<byte> bitmap)
    {
        using VcpuSafeScope scope = EnterSlots();
        ObjectDisposedException.ThrowIf(Machine.DirtyLog != this, this);
        if (!_hasBitmaps)
            return Errno.NoDevice;
        Errno error = Find(slot, out MemorySlot? found);
        if (error == Errno.NoEntry && firstPage % 64 != 0)
            error = Errno.Invalid;
        if (error != Errno.None)
            return error;
        MachineProtection protection = ProtectionOf(found!);
        return LogOf(found!).Clear(ref protection, firstPage, pageCount, bitmap);
    }

    internal override void BringInWritesWithoutVcpu(MemorySlot slot)
    {
        var marker = new MemslotMarker(_logs[slot.Ordinal]);
        CollectWritesWithoutVcpu(slot, ref marker);
        CollectReturned(slot, ref marker);
    }

    private protected override void Begin(ReadOnlySpan<MemorySlot> slots)
    {
        if (!_hasBitmaps)
        {
            base.Begin(slots);
            return;
        }

        foreach (MemorySlot slot in slots)
        {
            MachineProtection protection = ProtectionOf(slot);
            LogOf(slot).Start(ref protection);
        }
    }

    // A user who turns all logging off harvests what is left in the rings, and forgets it.
    private protected override void ForgetAll()
    {
        var nobody = default(ForgettingSink);
        CollectRings(ref nobody);
        foreach (MemslotLog<HardwareOrdering> log in _logs)
            log.Stop();
    }

    // Entries stay in the rings, and come with the next harvest.
    private protected override void ForgetSlot(MemorySlot slot) => _logs[slot.Ordinal].Stop();

    private protected override void Collect<TSink>(ref TSink sink)
    {
        CollectRings(ref sink);
        if (!_hasBitmaps)
            return;
        foreach (MemorySlot slot in Machine.Memory.Slots)
        {
            MemslotLog<HardwareOrdering> log = LogOf(slot);
            MachineProtection protection = ProtectionOf(slot);
            var collector = new SlotMaskSink<TSink>(slot, ref sink);
            ulong pages = log.Deliver(ref protection, ref collector);
            Book(pages, bytesTouched: log.IsOn ? log.ByteLength : 0);
        }
    }

    // The rings' memory goes with the last mapping.
    private protected override void Free()
    {
        _vcpulessRing?.Dispose();
        foreach (MemslotLog<HardwareOrdering> log in _logs)
            log.Dispose();
    }

    private void CollectRings<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        if (_rings.Length == 0)
            return;
        Machine.Mmu.BringInRecords();
        var target = new ProtectingTarget<TSink>(this, Machine.Memory, ref sink);
        for (int i = 0; i < _rings.Length; i++)
            Collect(i, ref target);
        CollectVmRing(ref sink);
    }

    // The mode may have changed since the last call.
    private MemslotLog<HardwareOrdering> LogOf(MemorySlot slot)
    {
        MemslotLog<HardwareOrdering> log = _logs[slot.Ordinal];
        log.ManualProtect = Capabilities.ManualProtect;
        return log;
    }

    private MachineProtection ProtectionOf(MemorySlot slot) => new(this, Machine, slot);
}
