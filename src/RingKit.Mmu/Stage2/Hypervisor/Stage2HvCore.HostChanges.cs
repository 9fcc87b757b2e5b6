using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Host;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>What the host does with its pages while the guest runs: each between the start and the end of an invalidation.</summary>
/// <remarks>Thread role: any thread that holds no lock, one change at a time. An address that is in no region is passed over.</remarks>
internal sealed partial class Stage2HvCore<TOrdering>
{
    /// <summary>Splits a transparent huge page.</summary>
    public void SplitHostPage<TThread>(ref TThread thread, ulong hostAddress)
        where TThread : struct, IStage2HostThread, allows ref struct => Change(ref thread, hostAddress, HostChange.Split);

    /// <summary>Makes a transparent huge page of small ones, where one may be.</summary>
    public void CollapseHostPages<TThread>(ref TThread thread, ulong hostAddress)
        where TThread : struct, IStage2HostThread, allows ref struct => Change(ref thread, hostAddress, HostChange.Collapse);

    /// <summary>Moves a page, huge or not, to another physical address.</summary>
    public void MigrateHostPage<TThread>(ref TThread thread, ulong hostAddress)
        where TThread : struct, IStage2HostThread, allows ref struct => Change(ref thread, hostAddress, HostChange.Migrate);

    /// <summary>Writes a page out; it comes back with the next fault.</summary>
    public void ReclaimHostPage<TThread>(ref TThread thread, ulong hostAddress)
        where TThread : struct, IStage2HostThread, allows ref struct => Change(ref thread, hostAddress, HostChange.Reclaim);

    /// <summary>Makes a page read-only: a store gets a copy first.</summary>
    public void ShareHostPage<TThread>(ref TThread thread, ulong hostAddress)
        where TThread : struct, IStage2HostThread, allows ref struct => Change(ref thread, hostAddress, HostChange.Share);

    /// <summary>Breaks the memory of a page: hwpoison.</summary>
    public void PoisonHostPage<TThread>(ref TThread thread, ulong hostAddress)
        where TThread : struct, IStage2HostThread, allows ref struct => Change(ref thread, hostAddress, HostChange.Poison);

    /// <summary>
    /// Merges a page with an equal one, read-only (KSM). The generation of 2014 maps what is there now at once, where it has a table (<see cref="SetSharedPage"/>).
    /// </summary>
    public void MergeHostPage<TThread>(ref TThread thread, ulong hostAddress)
        where TThread : struct, IStage2HostThread, allows ref struct => Change(ref thread, hostAddress, HostChange.Merge);

    private void CopyHostPage<TThread>(ref TThread thread, ulong hostAddress)
        where TThread : struct, IStage2HostThread, allows ref struct => Change(ref thread, hostAddress, HostChange.Copy);

    /// <summary>Changes the page, or huge page, of an address.</summary>
    public void Change<TThread>(ref TThread thread, ulong hostAddress, HostChange change)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        if (Host.Find(hostAddress) is not { Kind: not HostRegionKind.PfnMapped } region)
            return;

        hostAddress &= ~(ulong)GuestPage.OffsetMask;
        Host.EnterChanges(ref thread);
        (ulong first, ulong size) = change == HostChange.Collapse ? region.HugeExtentAt(hostAddress) : region.ExtentAt(hostAddress);
        InvalidateStart(ref thread, first, size);
        switch (change)
        {
            case HostChange.Split:
                region.Split(ref thread, hostAddress);
                break;
            case HostChange.Collapse:
                region.Collapse(ref thread, hostAddress);
                break;
            case HostChange.Migrate:
                region.Migrate(ref thread, hostAddress);
                break;
            case HostChange.Reclaim:
                region.Reclaim(ref thread, hostAddress);
                break;
            case HostChange.Share:
                region.Share(ref thread, hostAddress);
                break;
            case HostChange.Copy:
                region.Copy(ref thread, hostAddress);
                break;
            case HostChange.Merge:
                region.Split(ref thread, hostAddress);
                region.Share(ref thread, hostAddress);
                region.Migrate(ref thread, hostAddress);
                if (Options.Generation == Stage2Generation.Posted2014 && region.Look(hostAddress, isWrite: false) is { State: HostPageState.Found } page)
                    SetSharedPage(ref thread, hostAddress, page.Address);
                break;
            default:
                region.Poison(ref thread, hostAddress);
                break;
        }

        InvalidateEnd();
        Host.ExitChanges();
    }
}
