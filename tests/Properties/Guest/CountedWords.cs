using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Properties.Guest;

/// <summary>The words that a vCPU counts in, in pages that all vCPUs use: one in each page and one at its end, vCPU 1's across it.</summary>
/// <param name="vcpu">The vCPU's number, below 64.</param>
/// <param name="firstGfn">The first of the pages.</param>
/// <param name="pages">How many.</param>
internal sealed class CountedWords(int vcpu, ulong firstGfn, int pages)
{
    private readonly ulong[] _counters = new ulong[2 * pages];

    /// <summary>How many words.</summary>
    public int Count => _counters.Length;

    /// <summary>How often they were counted up.</summary>
    public ulong Stores { get; private set; }

    // Even words lie in the middle of a page, odd ones at its end; the last page's stays inside.
    public ulong AddressOf(int word)
    {
        ulong page = (firstGfn + ((ulong)word / 2)) << GuestPage.Shift;
        ulong own = (ulong)vcpu * sizeof(ulong);
        if (word % 2 == 0)
            return page + 1024 + own;
        return word == Count - 1 ? page + 2048 + own : page + GuestPage.Size - 12 + own;
    }

    /// <summary>Loads a word, which must be what was stored last.</summary>
    public VcpuExit Look(Vcpu vcpu, int word) => Look(vcpu, AddressOf(word), _counters[word]);

    /// <summary>Loads a word and stores the next number.</summary>
    public VcpuExit CountUp(Vcpu vcpu, int word)
    {
        VcpuExit exit = CountUp(vcpu, AddressOf(word), ref _counters[word]);
        Stores += exit == VcpuExit.None ? 1ul : 0;
        return exit;
    }

    /// <summary>The same for a word that is none of these.</summary>
    /// <returns>None, or that the dirty ring is full and nothing was stored.</returns>
    public static VcpuExit CountUp(Vcpu vcpu, ulong address, ref ulong counter)
    {
        VcpuExit exit = Look(vcpu, address, counter);
        if (exit != VcpuExit.None)
            return exit;
        exit = vcpu.Store(address, counter + 1);
        if (exit == VcpuExit.None)
            counter++;
        else if (exit != VcpuExit.DirtyRingFull)
            throw new InvalidOperationException($"vCPU {vcpu.Id}'s store ended with {exit}.");
        return exit;
    }

    /// <summary>Whether the memory holds what was stored last.</summary>
    public void Check(MemorySlot slot)
    {
        ulong first = slot.BaseGfn << GuestPage.Shift;
        for (int word = 0; word < Count; word++)
            Assert.Equal(_counters[word], BitConverter.ToUInt64(slot.Memory.AsSpan()[(int)(AddressOf(word) - first)..]));
    }

    private static VcpuExit Look(Vcpu vcpu, ulong address, ulong expected)
    {
        Span<byte> loaded = stackalloc byte[sizeof(ulong)];
        VcpuExit exit = vcpu.Load(address, loaded);
        if (exit != VcpuExit.None)
            throw new InvalidOperationException($"vCPU {vcpu.Id}'s load ended with {exit}.");
        if (BitConverter.ToUInt64(loaded) != expected)
            throw new InvalidOperationException($"vCPU {vcpu.Id} loads {BitConverter.ToUInt64(loaded)} where it stored {expected}.");
        return exit;
    }
}
