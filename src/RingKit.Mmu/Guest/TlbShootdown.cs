namespace RingKit.Mmu.Guest;

/// <summary>Drops translations in all vCPUs of a machine, all of them or those from a few sources, and returns when none can be used any more.</summary>
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

    // 0 for all. Written by the one that works, read by vCPUs that have seen his request.
    private int _count;

    /// <summary>Drops all translations.</summary>
    /// <returns>How many TLBs were asked.</returns>
    public int All() => Invalidate([]);

    /// <summary>Drops the translations from these sources.</summary>
    /// <param name="sources">As given to <see cref="Tlb.Fill"/>, without <see cref="Tlb.Pending"/>; not empty.</param>
    /// <returns>How many TLBs were asked.</returns>
    public int Of(ReadOnlySpan<ulong> sources) => Invalidate(sources.Length > MostSources ? [] : sources);

    /// <summary>What a vCPU's holder does when it is asked.</summary>
    public void Drop(Tlb tlb)
    {
        if (_count == 0)
            tlb.Flush();
        else
            tlb.Drop(_sources.AsSpan(0, _count));
    }

    private int Invalidate(ReadOnlySpan<ulong> sources)
    {
        Vcpu? self = machine.CurrentVcpu;
        using (new VcpuSafeScope(_one, machine))
        {
            sources.CopyTo(_sources);
            _count = sources.Length;

            // All are asked before any is waited for.
            for (int i = 0; i < _tickets.Length; i++)
                _tickets[i] = machine.Vcpus[i].RequestInvalidation();
            for (int i = 0; i < _tickets.Length; i++)
                machine.Vcpus[i].AwaitInvalidation(_tickets[i], self);
            return _tickets.Length;
        }
    }
}
