using System.Collections.Immutable;
using System.Numerics;

namespace RingKit.Mmu.Guest;

/// <summary>Guest-physical memory: memory slots that do not overlap, with holes between them.</summary>
/// <remarks>
/// Thread role: slots are added by one thread before the first <see cref="VirtualMachine"/> takes the memory; after that any thread may look
/// slots up. Pages cost nothing until the guest touches them.
/// </remarks>
public sealed class GuestMemory : IDisposable
{
    /// <summary>2^31 - 1 pages, KVM's limit for a slot.</summary>
    public const ulong MaximumSlotPages = int.MaxValue;

    /// <summary>2^52 frames: what 64-bit guest-physical addresses can name.</summary>
    public const ulong MaximumFrames = 1UL << (64 - GuestPage.Shift);

    private ImmutableArray<MemorySlot> _slots = [];
    private readonly Lock _lifetime = new();
    private bool _sealed;
    private bool _disposed;
    private int _machines;

    /// <summary>The slots, in the order in which they were added.</summary>
    public ImmutableArray<MemorySlot> Slots => _slots;

    /// <summary>Adds a slot of zeroed memory, in address space 0.</summary>
    /// <param name="id">The slot's id, not in use yet.</param>
    /// <param name="baseGfn">The first guest frame number.</param>
    /// <param name="pageCount">From 1 to <see cref="MaximumSlotPages"/> pages.</param>
    /// <exception cref="ArgumentException">The id is in use, or the frames overlap another slot's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The page count is out of range, or the slot ends beyond <see cref="MaximumFrames"/>.</exception>
    /// <exception cref="InvalidOperationException">A machine has taken the memory.</exception>
    public MemorySlot AddSlot(ushort id, ulong baseGfn, ulong pageCount) => AddSlot(id, baseGfn, pageCount, pageCount);

    /// <summary>The same, but there are no bytes: for page tables alone, of guests that are larger than the machine.</summary>
    internal MemorySlot AddSlotWithoutBytes(ushort id, ulong baseGfn, ulong pageCount) => AddSlot(id, baseGfn, pageCount, frameCount: 0);

    /// <summary>The same, but pages share bytes: page i has those of frame i mod n. For vCPUs that really store to guests that are larger than the machine.</summary>
    /// <param name="id">The slot's id, not in use yet.</param>
    /// <param name="baseGfn">The first guest frame number.</param>
    /// <param name="pageCount">From 1 to <see cref="MaximumSlotPages"/> pages.</param>
    /// <param name="frameCount">How many pages of bytes there are: a power of two; no more than the slot has pages are made.</param>
    internal MemorySlot AddFoldedSlot(ushort id, ulong baseGfn, ulong pageCount, ulong frameCount)
    {
        if (!BitOperations.IsPow2(frameCount))
            throw new ArgumentOutOfRangeException(nameof(frameCount), frameCount, "The frames of a folded slot are a power of two.");
        return AddSlot(id, baseGfn, pageCount, Math.Min(frameCount, pageCount));
    }

    /// <summary>The slot that holds a frame, or null. One that was removed holds its frames as long as no other does.</summary>
    /// <param name="gfn">Any guest frame number.</param>
    public MemorySlot? FindByGfn(ulong gfn)
    {
        MemorySlot? removed = null;
        foreach (MemorySlot slot in _slots)
        {
            if (gfn - slot.BaseGfn >= slot.PageCount)
                continue;
            if (!slot.IsRemoved)
                return slot;
            removed = slot;
        }

        return removed;
    }

    /// <summary>The slot of an id, or null.</summary>
    /// <param name="id">Any value: address space id in bits 16..31, slot id in bits 0..15.</param>
    public MemorySlot? FindById(uint id)
    {
        foreach (MemorySlot slot in _slots)
        {
            if (slot.Id == id)
                return slot;
        }

        return null;
    }

    internal void CheckSlot(MemorySlot slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        if (slot.Ordinal >= _slots.Length || _slots[slot.Ordinal] != slot)
            throw new ArgumentException("The slot is not the machine's.", nameof(slot));
    }

    internal void CheckPages(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        CheckSlot(slot);
        if (baseOffset >= slot.PageCount)
            throw new ArgumentOutOfRangeException(nameof(baseOffset), baseOffset, $"The slot has {slot.PageCount} pages.");
        ulong left = slot.PageCount - baseOffset;
        if (left < 64 && mask >> (int)left != 0)
            throw new ArgumentOutOfRangeException(nameof(mask), mask, $"From page {baseOffset} on the slot has {left} pages.");
    }

    /// <summary>Frees the guest's memory, as soon as no machine uses it.</summary>
    public void Dispose()
    {
        lock (_lifetime)
        {
            _disposed = true;
            FreeIfUnused();
        }
    }

    /// <summary>A machine takes the memory: the slots are fixed, and are kept until <see cref="Release"/>.</summary>
    internal void Take()
    {
        lock (_lifetime)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _sealed = true;
            _machines++;
        }
    }

    internal void Release()
    {
        lock (_lifetime)
        {
            _machines--;
            FreeIfUnused();
        }
    }

    private MemorySlot AddSlot(ushort id, ulong baseGfn, ulong pageCount, ulong frameCount)
    {
        if (_sealed)
            throw new InvalidOperationException("Slots are added before a machine takes the memory.");
        if (pageCount is 0 or > MaximumSlotPages)
            throw new ArgumentOutOfRangeException(nameof(pageCount), pageCount, $"A slot has from 1 to {MaximumSlotPages} pages.");
        if (baseGfn > MaximumFrames - pageCount)
            throw new ArgumentOutOfRangeException(nameof(baseGfn), baseGfn, $"The slot must end within {MaximumFrames} frames.");

        foreach (MemorySlot other in _slots)
        {
            if (other.Id == id)
                throw new ArgumentException($"Slot {id} exists.", nameof(id));
            if (baseGfn < other.BaseGfn + other.PageCount && other.BaseGfn < baseGfn + pageCount)
                throw new ArgumentException($"The frames overlap those of slot {other.Id}.", nameof(baseGfn));
        }

        var slot = new MemorySlot(id, baseGfn, pageCount, _slots.Length, frameCount);
        _slots = _slots.Add(slot);
        return slot;
    }

    private void FreeIfUnused()
    {
        if (!_disposed || _machines > 0)
            return;
        foreach (IDisposable slot in _slots)
            slot.Dispose();
    }
}
