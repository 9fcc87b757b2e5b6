using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Mapping;

/// <summary>A guest_memfd file: guest memory that is the kernel's, with an order (log2 of pages) for each of its pages.</summary>
/// <remarks>
/// Kernels up to 7.1 give every page order 0; larger ones are what is to come, and odd ones are what large folios of other sizes would be.
/// Made by <see cref="MappingSpace.CreateGuestMemfd"/>. Thread role: one thread at a time, the one of its <see cref="MappingSpace"/>.
/// </remarks>
public sealed class GuestMemfd
{
    /// <summary>The largest order that can be set. Anything above 18 maps as 1G.</summary>
    public const int MaximumOrder = 30;

    private readonly PageSegments _orders = new();
    private readonly List<MappingSlot> _bindings = [];

    internal GuestMemfd(MappingSpace owner, ulong size, GuestMemfdTraits flags)
    {
        Owner = owner;
        PageCount = size >> GuestPage.Shift;
        Flags = flags;
    }

    /// <summary>The file's size in 4K pages.</summary>
    public ulong PageCount { get; }

    /// <summary>What it was made with.</summary>
    public GuestMemfdTraits Flags { get; }

    /// <summary>Whether the host may map the file.</summary>
    public bool AllowsMmap => (Flags & GuestMemfdTraits.Mmap) != GuestMemfdTraits.None;

    /// <summary>The machine that the file belongs to; no other may bind it.</summary>
    internal MappingSpace Owner { get; }

    /// <summary>Makes a range consist of pages of an order. Larger pages that the range cuts become pages of order 0.</summary>
    /// <param name="firstPage">The first 4K page, a multiple of the order's pages.</param>
    /// <param name="pageCount">How many 4K pages: at least 1, a multiple of the order's pages, within the file.</param>
    /// <param name="order">From 0 to <see cref="MaximumOrder"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The order is out of range, or the range is empty or leaves the file.</exception>
    /// <exception cref="ArgumentException">The range is not made of whole pages of the order.</exception>
    public void SetOrder(ulong firstPage, ulong pageCount, int order)
    {
        CheckOrder(firstPage, pageCount, order);
        Cut(firstPage);
        Cut(firstPage + pageCount);
        _orders.Set(firstPage, firstPage + pageCount, (byte)order);
    }

    /// <summary>The order of the page that holds a 4K page.</summary>
    /// <param name="page">A page of the file.</param>
    /// <exception cref="ArgumentOutOfRangeException">The file has no such page.</exception>
    public int OrderAt(ulong page)
    {
        CheckRange(page, 1);
        return _orders.At(page);
    }

    /// <summary>Checks the arguments of <see cref="SetOrder"/>, for who must unmap before it.</summary>
    internal void CheckOrder(ulong firstPage, ulong pageCount, int order)
    {
        if (order is < 0 or > MaximumOrder)
            throw new ArgumentOutOfRangeException(nameof(order), order, $"The order is from 0 to {MaximumOrder}.");
        CheckRange(firstPage, pageCount);
        ulong mask = (1UL << order) - 1;
        if ((firstPage & mask) != 0)
            throw new ArgumentException($"A page of order {order} begins at a multiple of {mask + 1} pages.", nameof(firstPage));
        if ((pageCount & mask) != 0)
            throw new ArgumentException($"Pages of order {order} are multiples of {mask + 1} pages.", nameof(pageCount));
    }

    /// <summary>Why KVM would not bind a slot that is all well otherwise. Linux: <c>kvm_gmem_bind</c>.</summary>
    internal Errno CheckBinding(MappingSpace space, ulong offset, ulong size)
    {
        ulong first = offset >> GuestPage.Shift;
        ulong pages = size >> GuestPage.Shift;
        if (Owner != space || pages > PageCount || first > PageCount - pages)
            return Errno.Invalid;
        bool overlaps = _bindings.Exists(other =>
        {
            ulong start = other.GmemPageOf(other.BaseGfn);
            return first < start + other.PageCount && start < first + pages;
        });
        return overlaps ? Errno.Invalid : Errno.None;
    }

    internal void Bind(MappingSlot slot) => _bindings.Add(slot);

    internal void Unbind(uint slotId) => _bindings.RemoveAll(slot => slot.Id == slotId);

    private void Cut(ulong boundary)
    {
        ulong mask = (1UL << _orders.At(boundary)) - 1;
        if ((boundary & mask) != 0)
            _orders.Set(boundary & ~mask, (boundary | mask) + 1, 0);
    }

    private void CheckRange(ulong firstPage, ulong pageCount)
    {
        if (firstPage >= PageCount)
            throw new ArgumentOutOfRangeException(nameof(firstPage), firstPage, $"The file has {PageCount} pages.");
        if (pageCount == 0 || pageCount > PageCount - firstPage)
            throw new ArgumentOutOfRangeException(nameof(pageCount), pageCount, $"There are from 1 to {PageCount - firstPage} pages from there on.");
    }
}
