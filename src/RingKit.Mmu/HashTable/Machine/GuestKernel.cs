using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Machine;

/// <summary>
/// The least of a guest kernel: when an access finds no entry it enters one, and makes room where both groups are full. Its address space is linear: effective
/// address and guest-physical address are the same number.
/// </summary>
/// <remarks>Thread role: vCPU threads, concurrently.</remarks>
internal sealed class GuestKernel(VirtualMachine machine, Book3sHvCore<HardwareOrdering> hypervisor, HptePageSize pageSize)
{
    // Beyond that a page number has bits that no entry holds.
    private const ulong AddressLimit = 1UL << 60;
    private const int SegmentShift = 40;
    private const ulong VsidMask = (1UL << 38) - 1;

    // Odd, so that segments keep different ids; large, so that the hash spreads them.
    private const ulong VsidMultiplier = 0x3A_5F1D_4CBD;

    private const int LockCount = 64;
    private const ulong ReadWrite = 2;

    // Two vCPUs that miss at the same page must not both enter it: the second one would stay behind when the first is removed.
    private readonly Lock[] _pageLocks = [.. Enumerable.Range(0, LockCount).Select(_ => new Lock())];
    private ulong _victim;

    /// <summary>What the segment-lookaside buffer says of an address.</summary>
    public VirtualAddress Translate(ulong address) =>
        new(((address >> SegmentShift) * VsidMultiplier) & VsidMask, address, pageSize.BaseShift, IsOneTebibyteSegment: true);

    /// <summary>Handles a fault for which there is no entry.</summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="address">What was accessed.</param>
    /// <returns>Whether there is an entry now, or may be; false for an address that can have none.</returns>
    public bool TryMap(ref MachineThread thread, VirtualAddress address)
    {
        if (address.Address >= AddressLimit)
            return false;

        ulong page = address.Address & ~(pageSize.Bytes - 1);
        using var scope = new VcpuSafeScope(_pageLocks[(page >> pageSize.ActualShift) % LockCount], machine);
        if (hypervisor.TryFindAndLock(ref thread, address, HpteV.Valid | HpteV.Absent, out ulong index, out Hpte entry))
        {
            hypervisor.Table.Unlock(index, entry.V);
            return true;
        }

        ulong hash = HptGeometry.Hash(address.Vsid, address.Address, address.BaseShift, address.IsOneTebibyteSegment);
        ulong r = page | pageSize.Selector | HpteR.ReferencedChanged | HpteR.Coherent | ReadWrite;
        while (true)
        {
            foreach (bool secondary in (ReadOnlySpan<bool>)[false, true])
            {
                ulong v = HptGeometry.FirstWord(address.Vsid, address.Address, address.BaseShift, address.IsOneTebibyteSegment, secondary);
                ulong first = hypervisor.Table.Geometry.Group(hash, secondary) * HptGeometry.EntriesPerGroup;
                switch (hypervisor.Enter(ref thread, flags: 0, first, v, r).Status)
                {
                    case HypercallStatus.Success:
                        return true;
                    case HypercallStatus.PtegFull:
                        break;
                    case HypercallStatus status:
                        throw new InvalidOperationException($"H_ENTER for address 0x{page:X} returned {status}.");
                }
            }

            Evict(ref thread, hash);
        }
    }

    // Any entry of either group, but bolted ones: H_REMOVE refuses those, and the next victim is tried.
    private void Evict(ref MachineThread thread, ulong hash)
    {
        ulong victim = HardwareOrdering.LoadRelaxed(ref _victim);
        HardwareOrdering.StoreRelaxed(ref _victim, victim + 1);
        bool secondary = (victim & HptGeometry.EntriesPerGroup) != 0;
        ulong first = hypervisor.Table.Geometry.Group(hash, secondary) * HptGeometry.EntriesPerGroup;
        hypervisor.Remove(ref thread, HypercallFlags.AndCondition, first + (victim % HptGeometry.EntriesPerGroup), HpteV.Bolted);
    }
}
