using System.Numerics;
using RingKit.Memory;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.PageTables;

namespace RingKit.Mmu.Tdp.Hypervisor;

/// <summary>Starting and stopping logs, and what harvests protect.</summary>
internal sealed partial class TdpHvCore<TOrdering>
{
    private bool UsesModificationLog => Options.LogMethod == TdpLogMethod.ModificationLog;

    // Never disposed: the memory goes when nothing holds the view any more.
    private readonly NativeView<ulong> _logged = new NativeBlock<ulong>(1).View;

    /// <summary>Whether the processor logs: it does while a slot is logged. vCPUs see a change after a <see cref="ITdpThread.Synchronize"/>.</summary>
    public bool ProcessorLogs => UsesModificationLog && TOrdering.LoadRelaxed(ref _logged[0]) != 0;

    /// <summary>What <see cref="StartLogging"/> would answer.</summary>
    public Errno CanLog(TdpSlot<TOrdering> slot) =>
        slot.Gmem is null || Options.Mapping.LogsGuestMemfd ? Errno.None : Errno.Invalid;

    /// <summary>Starts to log a slot: protects it, and flushes once.</summary>
    /// <returns><see cref="Errno.Invalid"/> for a slot of guest_memfd, unless the machine's options allow it.</returns>
    public Errno StartLogging<TThread>(ref TThread thread, TdpSlot<TOrdering> slot)
        where TThread : struct, ITdpThread, allows ref struct
    {
        Errno error = RaiseLogging(ref thread, slot);
        if (error != Errno.None)
            return error;
        Lock.Enter(ref thread);
        ProtectSlot(slot);
        Lock.Exit();
        FlushSlot(ref thread, slot);
        return Errno.None;
    }

    /// <summary>Tells all faults and processors that a slot is logged. Nothing is protected yet.</summary>
    /// <returns>As <see cref="StartLogging"/>.</returns>
    public Errno RaiseLogging<TThread>(ref TThread thread, TdpSlot<TOrdering> slot)
        where TThread : struct, ITdpThread, allows ref struct
    {
        Lock.Enter(ref thread);
        Errno error = Space.SetUserMemoryRegion(slot.Region with { Flags = slot.Region.Flags | MappingSlotTraits.LogDirtyPages });
        if (error == Errno.None)
            SetLogs(slot, true);
        Lock.Exit();

        // A fix-up that saw the flag down gives W back and records nothing: it is over before anything is protected. And every vCPU logs from here on.
        if (error == Errno.None)
            thread.Synchronize();
        return error;
    }

    /// <summary>Protects all of a slot: 4K leaves lose W, or D, and large ones are split or lose W. Under the lock, alone; the caller flushes.</summary>
    public void ProtectSlot(TdpSlot<TOrdering> slot)
    {
        if (Options.SplitsEagerly)
            Split(slot.FirstGfn, slot.EndGfn);
        if (UsesModificationLog)
            Counts.Protected += Table.ClearDirty(slot.FirstGfn, slot.EndGfn);
        Counts.Protected += Table.WriteProtect(slot.FirstGfn, slot.EndGfn, lowest: UsesModificationLog ? 2 : 1);
    }

    /// <summary>Stops logging a slot, and makes its mappings large again where that is allowed, with one flush. Not those of a slot that is read-only.</summary>
    /// <returns>What came back.</returns>
    public TdpRecovered StopLogging<TThread>(ref TThread thread, TdpSlot<TOrdering> slot)
        where TThread : struct, ITdpThread, allows ref struct
    {
        if (!slot.Logs)
            return default;
        Lock.Enter(ref thread);
        Space.SetUserMemoryRegion(slot.Region);
        SetLogs(slot, false);
        ulong removed = 0;
        var recovered = default(TdpRecovered);
        if (!slot.IsReadOnly && Options.Recovery != TdpRecovery.None)
        {
            var policy = new RecoveryPolicy(this, slot);
            recovered = Table.Recover(ref policy, slot.FirstGfn, slot.EndGfn, Options.Recovery == TdpRecovery.InPlace, ref removed);
        }

        Lock.Exit();
        if (removed != 0)
        {
            Flush(ref thread, slot.FirstGfn, slot.EndGfn);
            Table.FreeRemoved(removed);
        }

        Counts.Recovered = new TdpRecovered(Counts.Recovered.Of2M + recovered.Of2M, Counts.Recovered.Of1G + recovered.Of1G);
        return recovered;
    }

    /// <summary>
    /// Protects pages whose records were taken, by a word: exactly those. Large leaves among them, which are writable only where all pages counted as dirty when the
    /// log started, are split or lose W as a whole. Under the lock, alone; the caller flushes.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="baseOffset">The page of bit 0, by its index in the slot.</param>
    /// <param name="mask">The pages. Bits beyond the slot do nothing.</param>
    public void ProtectMasked(TdpSlot<TOrdering> slot, ulong baseOffset, ulong mask)
    {
        ulong pages = slot.Memory.PageCount;
        if (baseOffset >= pages)
            return;
        if (pages - baseOffset < 64)
            mask &= (1UL << (int)(pages - baseOffset)) - 1;
        if (mask == 0)
            return;

        // Between its first page and its last a word has no other large leaf, as it is smaller than 2M.
        ulong first = slot.FirstGfn + baseOffset;
        ProtectLarge(first + (ulong)BitOperations.TrailingZeroCount(mask));
        ProtectLarge(first + (ulong)BitOperations.Log2(mask));
        Counts.Protected += Table.ClearMasked(first, mask, UsesModificationLog);
    }

    /// <summary>Flushes a slot, without the lock.</summary>
    public void FlushSlot<TThread>(ref TThread thread, TdpSlot<TOrdering> slot)
        where TThread : struct, ITdpThread, allows ref struct => Flush(ref thread, slot.FirstGfn, slot.EndGfn);

    private void ProtectLarge(ulong gfn)
    {
        if (!Table.Walk(gfn, out int level).IsLeafAt(level) || level == 1)
            return;
        if (Options.SplitsEagerly)
            Split(gfn, gfn + 1);
        Counts.Protected += Table.WriteProtect(gfn, gfn + 1, lowest: 2);
    }

    private void SetLogs(TdpSlot<TOrdering> slot, bool logs)
    {
        slot.Logs = logs;
        TOrdering.StoreRelaxed(ref _logged[0], (ulong)Slots.Count(one => one.Logs));
    }

    // What the pool has no table for stays large, and is split, or not, by the store that meets it.
    private void Split(ulong first, ulong end)
    {
        using var cache = new TableCache<TOrdering>(Table.Pool, TdpGeometry.TablesPerFault);
        Table.SplitRange(first, end, target: 1, cache, out ulong splits);
        Counts.EagerSplits += splits;
    }

    private void Flush<TThread>(ref TThread thread, ulong first, ulong end)
        where TThread : struct, ITdpThread, allows ref struct
    {
        thread.Flush(first, end);
        Counts.Flushes++;
    }

    private readonly struct RecoveryPolicy(TdpHvCore<TOrdering> hypervisor, TdpSlot<TOrdering> slot) : ITdpRecoveryPolicy
    {
        // As for a fault: frames that are not where the guest's are within a level are not one large page of it.
        public int LevelAt(ulong gfn)
        {
            if (!slot.Holds(gfn))
                return 1;
            MappingLevel level = MaxMappingLevel.ForRecovery(hypervisor.Options.Form, hypervisor.Space, gfn).Level;
            ulong frame = slot.FrameOf(gfn, hypervisor.Space.Attributes.IsPrivate(gfn));
            return frame == MappingFault.NoFrame ? 1 : (int)MaxMappingLevel.WhereCongruent(level, gfn, frame);
        }
    }
}
