using System.Runtime.CompilerServices;
using RingKit.Mmu.DirtyLogging;
using RingKit.Ordering;

namespace RingKit.Mmu.Guest;

/// <summary>Pages that the vCPU records, and how many it may.</summary>
public sealed unsafe partial class Vcpu
{
    private ulong _dirtiedPages;
    private ulong _dirtyQuota = ulong.MaxValue;

    /// <summary>
    /// Pages that the vCPU has recorded in dirty logs since it was made: each page once for each time that it was protected and written again. Any thread.
    /// </summary>
    /// <remarks>
    /// What processors log by themselves counts when it leaves their modification log. Always 0 where the page table records, not the vCPU: over a hashed table and
    /// over shadow mappings. Source: the proposed KVM dirty quota's <c>pages_dirtied</c>.
    /// </remarks>
    public ulong DirtiedPages => HardwareOrdering.LoadAcquire(ref _dirtiedPages);   // E84

    /// <summary>
    /// As soon as <see cref="DirtiedPages"/> has reached this, the vCPU leaves the guest with <see cref="VcpuExit.DirtyQuotaExhausted"/>, before its next step and
    /// whenever it runs again, until the quota is higher. By default there is none: <see cref="ulong.MaxValue"/>. Any thread.
    /// </summary>
    /// <remarks>
    /// It is a total, not an allowance: to let a vCPU record so many more, set it to <see cref="DirtiedPages"/> and so many. No page is recorded beyond it but those that
    /// a processor with a modification log has stored to since it last left the guest, 512 at most. A store across two pages of which the quota covers one has not
    /// happened, though the first page counts. Source: the proposed KVM dirty quota, <c>KVM_EXIT_DIRTY_QUOTA_EXHAUSTED</c>.
    /// </remarks>
    /// <exception cref="NotSupportedException">The vCPU can have none: <see cref="VirtualMachine.HasDirtyQuota"/>.</exception>
    public ulong DirtyQuota
    {
        get => HardwareOrdering.LoadAcquire(ref _dirtyQuota);
        set
        {
            if (!_machine.HasDirtyQuota)
            {
                throw new NotSupportedException(
                    "A dirty quota needs a page table whose vCPUs record what they write; over a hashed table and over shadow mappings they do not.");
            }

            HardwareOrdering.StoreRelease(ref _dirtyQuota, value);
            HardwareOrdering.OrRelease(ref _control->Requests, VcpuControl.DirtyQuota);   // E6: whoever sees the request sees the quota
        }
    }

    /// <summary>Why the vCPU must leave the guest before its next record, other than for want of room; or none. The vCPU's holder.</summary>
    internal VcpuExit QuotaExit => _dirtiedPages < HardwareOrdering.LoadRelaxed(ref _dirtyQuota) ? VcpuExit.None : VcpuExit.DirtyQuotaExhausted;

    /// <summary>Why the vCPU must leave the guest before its next record, or none. The vCPU's own thread.</summary>
    /// <param name="log">The machine's log, or null.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal VcpuExit ExitBeforeRecord(IDirtyLog? log) => log is not null && !log.CanRecord(this) ? VcpuExit.DirtyRingFull : QuotaExit;

    /// <summary>Records a page of a slot that is logged. The vCPU's holder.</summary>
    /// <param name="log">The machine's log.</param>
    /// <param name="slot">The slot.</param>
    /// <param name="offset">Page index inside the slot.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Record(IDirtyLog log, MemorySlot slot, ulong offset)
    {
        log.Record(this, slot, offset);
        CountRecord();
        HardwareOrdering.StoreRelease(ref _dirtiedPages, _dirtiedPages + 1);          // E84: recorded, then counted
        if (QuotaExit != VcpuExit.None)
            HardwareOrdering.OrRelease(ref _control->Requests, VcpuControl.DirtyQuota);
    }

    /// <summary>The page table has recorded what an access writes. The vCPU's holder.</summary>
    internal void CountRecord() => _missEvents |= Recorded;

    // As KVM's requests: lowered before the quota is read, so a quota that is set meanwhile raises it again; and raised again while the quota is exhausted.
    private bool IsQuotaExhausted()
    {
        HardwareOrdering.FetchAndNotAcquire(ref _control->Requests, VcpuControl.DirtyQuota);   // E6
        if (QuotaExit == VcpuExit.None)
            return false;
        HardwareOrdering.OrRelease(ref _control->Requests, VcpuControl.DirtyQuota);
        return true;
    }
}
