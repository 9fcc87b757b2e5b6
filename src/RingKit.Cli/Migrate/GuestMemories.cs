using RingKit.Cli.Migrate.Workloads;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Migrate;

/// <summary>The memories of a migration's source and destination, of one layout. All of it is there: finding a page for a first store is no part of a migration.</summary>
/// <remarks>Several migrations one after the other may use them: a host that has to find gigabytes anew takes seconds for each.</remarks>
internal sealed class GuestMemories : IDisposable
{
    /// <summary>Takes the memory.</summary>
    /// <param name="pages">Pages of each.</param>
    public GuestMemories(ulong pages)
    {
        Source.AddSlot(id: 0, baseGfn: 0, pages);
        Destination.AddSlot(id: 0, baseGfn: 0, pages);
        Fill();
    }

    public GuestMemory Source { get; } = new();

    public GuestMemory Destination { get; } = new();

    /// <summary>Puts something into each page: pages of zeros travel as a mark. No page of the destination is like its source.</summary>
    public void Fill()
    {
        (MemorySlot source, MemorySlot destination) = (Source.Slots[0], Destination.Slots[0]);
        for (ulong page = 0; page < source.PageCount; page++)
        {
            ulong content = SplitMix.Mix(page + 1);
            BitConverter.TryWriteBytes(FirstWord(source, page), content);
            BitConverter.TryWriteBytes(FirstWord(destination, page), ~content);
        }
    }

    public void Dispose()
    {
        Source.Dispose();
        Destination.Dispose();
    }

    private static Span<byte> FirstWord(MemorySlot slot, ulong page) => slot.Memory.Slice((nuint)(page << GuestPage.Shift), sizeof(ulong)).AsSpan();
}
