namespace RingKit.Mmu.HashTable.Faults;

/// <summary>
/// A vCPU's last entries of devices: a fault at one of them is known to be a device's without a search of the table. KVM's mmio_cache.
/// </summary>
/// <remarks>
/// One that was kept under an older generation than the current one is stale: its page may be memory now, or its entry gone. Thread role: the vCPU's thread.
/// </remarks>
internal sealed class MmioCache
{
    /// <summary>So many are kept; the oldest goes.</summary>
    public const int Capacity = 4;

    private readonly Kept[] _kept = new Kept[Capacity];
    private int _next;

    /// <summary>How many faults needed no search.</summary>
    public ulong Hits { get; private set; }

    /// <summary>Finds the entry for an address among those of the current generation.</summary>
    public bool TryFind(VirtualAddress address, ulong generation, out FaultSnapshot entry, out ulong guestR)
    {
        foreach (ref readonly Kept kept in _kept.AsSpan())
        {
            if (kept.Entry.Generation != generation || kept.Address != PageOf(address))
                continue;
            entry = kept.Entry with { IsKept = true };
            guestR = kept.GuestR;
            Hits++;
            return true;
        }

        entry = default;
        guestR = 0;
        return false;
    }

    /// <summary>Keeps an entry of which it was found out that no memory is behind it.</summary>
    /// <param name="address">The address of the access.</param>
    /// <param name="entry">The entry, with the generation from before it was looked up.</param>
    /// <param name="guestR">The guest's own R.</param>
    public void Keep(VirtualAddress address, FaultSnapshot entry, ulong guestR)
    {
        _kept[_next] = new Kept(PageOf(address), entry, guestR);
        _next = (_next + 1) % Capacity;
    }

    private static VirtualAddress PageOf(VirtualAddress address) => address with { Address = address.Address >> address.BaseShift };

    private readonly record struct Kept(VirtualAddress Address, FaultSnapshot Entry, ulong GuestR);
}
