using System.Runtime.CompilerServices;
using RingKit.Mmu.Guest.Translation;

namespace RingKit.Mmu.Guest;

/// <summary>Loads and stores.</summary>
public sealed unsafe partial class Vcpu
{
    /// <summary>Stores a value, in the host's byte order. Only in a step of the running program.</summary>
    /// <param name="gpa">Guest-physical address; the value may cross a page boundary.</param>
    /// <param name="value">At most a page long.</param>
    /// <returns><see cref="VcpuExit.None"/> if it is stored; anything else says that nothing was stored, and why.</returns>
    /// <typeparam name="T">A type without references.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public VcpuExit Store<T>(ulong gpa, T value)
        where T : unmanaged
    {
        nuint page = _tlb.FindWritable(gpa >> GuestPage.Shift);
        ulong offset = gpa & GuestPage.OffsetMask;
        if (offset + (ulong)sizeof(T) > GuestPage.Size)
            return StoreSlowly(gpa, new ReadOnlySpan<byte>(&value, sizeof(T)));
        if (page == 0)
        {
            VcpuExit exit = Miss(gpa >> GuestPage.Shift, write: true, out nuint found);
            if (exit != VcpuExit.None)
                return exit;
            page = found;
        }

        Unsafe.WriteUnaligned((byte*)page + offset, value);
        return VcpuExit.None;
    }

    /// <summary>Stores bytes. Only in a step of the running program.</summary>
    /// <param name="gpa">Guest-physical address; the bytes may cross a page boundary.</param>
    /// <param name="data">At most a page long.</param>
    /// <returns><see cref="VcpuExit.None"/> if all are stored; anything else says that none is, and why.</returns>
    /// <exception cref="ArgumentException">There is more data than a page holds.</exception>
    public VcpuExit Store(ulong gpa, ReadOnlySpan<byte> data)
    {
        nuint page = _tlb.FindWritable(gpa >> GuestPage.Shift);
        ulong offset = gpa & GuestPage.OffsetMask;
        if (page == 0 || offset + (uint)data.Length > GuestPage.Size)
            return StoreSlowly(gpa, data);

        data.CopyTo(new Span<byte>((byte*)page + offset, data.Length));
        return VcpuExit.None;
    }

    /// <summary>Loads bytes. Only in a step of the running program.</summary>
    /// <param name="gpa">Guest-physical address; the bytes may cross a page boundary.</param>
    /// <param name="destination">At most a page long; filled if the answer is <see cref="VcpuExit.None"/>.</param>
    /// <returns><see cref="VcpuExit.None"/> if all are loaded; anything else says that none is, and why.</returns>
    /// <exception cref="ArgumentException">The destination is longer than a page.</exception>
    public VcpuExit Load(ulong gpa, Span<byte> destination)
    {
        VcpuExit exit = Reach(gpa, destination.Length, write: false, out Span<byte> first, out Span<byte> second);
        if (exit != VcpuExit.None)
            return exit;

        first.CopyTo(destination);
        second.CopyTo(destination[first.Length..]);
        return VcpuExit.None;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private VcpuExit StoreSlowly(ulong gpa, ReadOnlySpan<byte> data)
    {
        VcpuExit exit = Reach(gpa, data.Length, write: true, out Span<byte> first, out Span<byte> second);
        if (exit != VcpuExit.None)
            return exit;

        data[..first.Length].CopyTo(first);
        data[first.Length..].CopyTo(second);
        return VcpuExit.None;
    }

    // Both pages of an access that crosses are translated before either is touched: it happens whole or not at all.
    private VcpuExit Reach(ulong gpa, int length, bool write, out Span<byte> first, out Span<byte> second)
    {
        if (length > GuestPage.Size)
            throw new ArgumentException($"An access is at most {GuestPage.Size} bytes long; this one has {length}.", nameof(length));

        first = second = default;
        ulong offset = gpa & GuestPage.OffsetMask;
        int inFirst = (int)Math.Min((ulong)length, GuestPage.Size - offset);
        while (true)
        {
            VcpuExit exit = Translate(gpa >> GuestPage.Shift, write, out nuint page);
            if (exit != VcpuExit.None)
                return exit;

            first = new Span<byte>((byte*)page + offset, inFirst);
            if (inFirst == length)
                return VcpuExit.None;

            ulong drops = _drops;
            exit = Translate((gpa + (ulong)inFirst) >> GuestPage.Shift, write, out page);
            second = new Span<byte>((byte*)page, length - inFirst);

            // The second translation may have answered an invalidation, of the first one for all that is known.
            if (exit != VcpuExit.None || _drops == drops)
                return exit;
        }
    }

    private VcpuExit Translate(ulong gfn, bool write, out nuint page)
    {
        page = write ? _tlb.FindWritable(gfn) : _tlb.FindReadable(gfn);
        if (page != 0)
            return VcpuExit.None;

        return Miss(gfn, write, out page);
    }

    // Short, with what it calls: a processor that misses on the page table's entry looks some hundred instructions ahead, and may find the next store's miss there.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private VcpuExit Miss(ulong gfn, bool write, out nuint page)
    {
        page = 0;
        VcpuExit exit = TranslateMiss(gfn, write, out TlbEntry entry, out ulong source);

        // Here, as the page table may have answered an invalidation before it looked the entry up, and answers none since (E83).
        if (exit == VcpuExit.None && _machine.IsRemoved(entry.Host))
            exit = VcpuExit.NoMemory;
        if (exit != VcpuExit.None)
            return exit;
        _tlb.Fill(gfn, entry, source);
        page = entry.Host;
        return VcpuExit.None;
    }
}
