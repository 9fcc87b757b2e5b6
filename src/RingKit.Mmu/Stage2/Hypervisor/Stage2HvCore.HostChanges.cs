using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Host;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>What the host does with its pages while the guest runs: each between the start and the end of an invalidation.</summary>
/// <remarks>Thread role: any thread that holds no lock, one change at a time. An address that is in no region is passed over.</remarks>
internal sealed partial class Stage2HvCore<TOrdering>
{
    /// <summary>Changes the page, or huge page, of an address.</summary>
    public void ChangeHostPage<TThread>(ref TThread thread, ulong hostAddress, HostChange change)
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
