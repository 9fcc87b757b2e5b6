namespace RingKit.Mmu.Guest.Translation;

/// <summary>Drops translations in all vCPUs of a machine, all of them, those from a few sources or those of a range, and returns when none can be used any more.</summary>
/// <remarks>
/// Thread role: any thread, vCPUs in the middle of a step included; one works at a time and the others wait. A vCPU that waits, here or for a lock of the page
/// table, drops what it is asked to meanwhile: two vCPUs that invalidate at once would otherwise wait for each other.
/// </remarks>
internal sealed class TlbShootdown(VirtualMachine machine)
{
    // More than so many are dropped by dropping all: that costs the vCPU misses, but no comparison of each translation with each source.
    public const int MostSources = 16;

    private readonly Lock _one = new();
    private readonly ulong[] _sources = new ulong[MostSources];
    private readonly ulong[] _tickets = new ulong[machine.VcpuCount];

    // Sources if there are any, else a range. Written by the one that works, read by vCPUs that have seen his request.
    private int _count;
    private ulong _firstPage;
    private ulong _pageCount;

    /// <summary>Drops all translations.</summary>
    /// <returns>How many TLBs were asked.</returns>
    public int All() => Invalidate([], 0, ulong.MaxValue);

    /// <summary>Drops the translations from these sources.</summary>
    /// <param name="sources">As given to <see cref="Tlb.Fill"/>, without <see cref="Tlb.Pending"/>; not empty.</param>
    /// <returns>How many TLBs were asked.</returns>
    public int Of(ReadOnlySpan<ulong> sources) => sources.Length > MostSources ? All() : Invalidate(sources, 0, 0);

    /// <summary>Drops the translations of a range of addresses, whatever their sources.</summary>
    /// <param name="firstPage">The first address, in pages.</param>
    /// <param name="pageCount">How many pages, not 0; the range does not wrap.</param>
    /// <returns>How many TLBs were asked.</returns>
    public int Range(ulong firstPage, ulong pageCount) => Invalidate([], firstPage, pageCount);

    /// <summary>Drops nothing, but returns when every vCPU has left the guest, or the fault that it is in, for a moment.</summary>
    public int Nothing() => Invalidate([], 0, 0);

    /// <summary>What a vCPU's holder does when it is asked.</summary>
    public void Drop(Tlb tlb)
    {
        if (_count != 0)
            tlb.Drop(_sources.AsSpan(0, _count));
        else if (_pageCount == ulong.MaxValue)
            tlb.Flush();
        else
            tlb.Drop(_firstPage, _pageCount);
    }

    private int Invalidate(ReadOnlySpan<ulong> sources, ulong firstPage, ulong pageCount)
    {
        Vcpu? self = machine.CurrentVcpu;
        using (new VcpuSafeScope(_one, machine))
        {
            sources.CopyTo(_sources);
            (_count, _firstPage, _pageCount) = (sources.Length, firstPage, pageCount);

            // All are asked before any is waited for.
            for (int i = 0; i < _tickets.Length; i++)
                _tickets[i] = machine.Vcpus[i].RequestInvalidation();
            for (int i = 0; i < _tickets.Length; i++)
                machine.Vcpus[i].AwaitInvalidation(_tickets[i], self);
            return _tickets.Length;
        }
    }
}
