using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.Tdp.Hypervisor;

/// <summary>The host's frames behind slots and guest_memfd files. Frame numbers are those of the simulation; real bytes are behind each.</summary>
/// <remarks>
/// A frame has the same offset within 1G as the host's address, or the file's page, that it is behind, as large pages of the host have.
/// Thread role: made by one thread, read by any.
/// </remarks>
internal sealed unsafe class TdpFrames<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    private readonly List<Region> _regions = [];
    private readonly List<NativeBlock<byte>> _files = [];
    private ulong _next;

    /// <summary>Adds a slot's frames.</summary>
    public void Add(TdpSlot<TOrdering> slot)
    {
        // Invariant: a region's pointer is good for its frames, folded as the slot is; slots and files outlive the machine.
        MemorySlot memory = slot.Memory;
        byte* bytes = memory.Memory.DangerousPointer;
        ulong ofFile = slot.Region.GmemOffset >> GuestPage.Shift;
        if (slot.Gmem is { AllowsMmap: true })
        {
            slot.SharedFrame = slot.PrivateFrame = Add(bytes, memory.PageCount, memory.Fold, ofFile);
            return;
        }

        slot.SharedFrame = Add(bytes, memory.PageCount, memory.Fold, slot.Region.UserspaceAddress >> GuestPage.Shift);
        if (slot.Gmem is not null)
        {
            bool hasBytes = memory.Memory.Length != 0;
            var file = new NativeBlock<byte>(hasBytes ? (nuint)(memory.PageCount << GuestPage.Shift) : 0, GuestPage.Size);
            _files.Add(file);
            slot.PrivateFrame = Add(file.View.DangerousPointer, memory.PageCount, ulong.MaxValue, ofFile);
        }
    }

    /// <summary>The bytes of a frame.</summary>
    /// <returns>False if no slot has it: the table leads astray.</returns>
    public bool TryPointer(ulong frame, out nuint host)
    {
        foreach (Region region in _regions)
        {
            ulong offset = frame - region.First;
            if (offset < region.Count)
            {
                host = region.Host + (nuint)((offset << GuestPage.Shift) & region.Fold);
                return true;
            }
        }

        host = 0;
        return false;
    }

    public void Dispose()
    {
        foreach (NativeBlock<byte> file in _files)
            file.Dispose();
    }

    private ulong Add(byte* bytes, ulong pages, ulong fold, ulong congruentTo)
    {
        // The next 1G, and one more, so that no large page can reach another region.
        const ulong Gigabyte = 1UL << 18;
        ulong first = _next + Gigabyte + (congruentTo & (Gigabyte - 1));
        _next = (first + pages + Gigabyte - 1) & ~(Gigabyte - 1);
        _regions.Add(new Region(first, pages, (nuint)bytes, fold));
        return first;
    }

    private readonly record struct Region(ulong First, ulong Count, nuint Host, ulong Fold);
}
