using System.Numerics;
using RingKit.Memory;
using RingKit.Ordering;
using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable;

/// <summary>A hashed page table: native memory of its own, or laid over a table that lies in someone else's.</summary>
/// <remarks>
/// Thread role: any thread reads entries, also while others write them; <see cref="Dispose"/> by one. It knows no reverse map and no processor: who changes entries that a
/// processor may be using goes through hypercalls. Layout: big-endian pairs of words, index * 16 bytes from the start, 8 entries a group.
/// </remarks>
public sealed class HashedPageTable : IDisposable
{
    private readonly HptCore<HardwareOrdering> _core;

    // Not the lease's: the memory may go on living in other hands.
    private bool _disposed;

    /// <summary>An empty table. Its pages cost nothing until they are touched.</summary>
    /// <param name="order">log2 of its size in bytes, <see cref="HptGeometry.MinimumOrder"/> to <see cref="HptGeometry.MaximumOrder"/>.</param>
    /// <param name="isa30">Whether its words are in the format of ISA 3.0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The order is out of range.</exception>
    /// <exception cref="OutOfMemoryException">There is no such memory.</exception>
    public HashedPageTable(int order, bool isa30 = false)
    {
        Geometry = new HptGeometry(order);
        using var entries = new NativeBlock<WordPair>((nuint)Geometry.EntryCount, alignment: 4096);
        _core = new HptCore<HardwareOrdering>(entries.View, Geometry, isa30);
    }

    /// <summary>Lays a table over memory without copying it, and keeps the memory if it belongs to a <see cref="NativeBlock{T}"/> or a mapping.</summary>
    /// <param name="entries">All entries: a power of two from 2^14 to 2^32.</param>
    /// <param name="isa30">Whether the words are in the format of ISA 3.0, as in the memory of a POWER9 host.</param>
    /// <exception cref="ArgumentException">No table has so many entries.</exception>
    /// <exception cref="ObjectDisposedException">The memory is disposed.</exception>
    public HashedPageTable(NativeView<WordPair> entries, bool isa30 = false)
    {
        if (!HptGeometry.IsEntryCount(entries.Length))
        {
            throw new ArgumentException(
                $"A table has a power of two of entries, from 2^{HptGeometry.MinimumOrder - 4} to 2^{HptGeometry.MaximumOrder - 4}; the view has {entries.Length}.",
                nameof(entries));
        }

        Geometry = new HptGeometry(BitOperations.Log2(entries.Length) + 4);
        _core = new HptCore<HardwareOrdering>(entries, Geometry, isa30);
    }

    /// <summary>How many entries and groups there are, and which group an address hashes to.</summary>
    public HptGeometry Geometry { get; }

    /// <summary>log2 of the size in bytes.</summary>
    public int Order => Geometry.Order;

    /// <summary>How many entries.</summary>
    public ulong EntryCount => Geometry.EntryCount;

    /// <summary>Whether the words are in the format of ISA 3.0. The indexer takes and gives the older one on either.</summary>
    public bool IsIsa30 => _core.IsIsa30;

    /// <summary>The entries as they lie in memory, for sweeps.</summary>
    /// <exception cref="ObjectDisposedException">The table is disposed.</exception>
    public NativeView<WordPair> View
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _core.View;
        }
    }

    /// <summary>
    /// One entry by value. Setting stores R, then V without <see cref="HpteV.HvLock"/>: a thread that reads the new V reads the new R. It takes no lock,
    /// so it is for who has the table to himself, or the entry's lock.
    /// </summary>
    /// <param name="index">Below <see cref="EntryCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such entry.</exception>
    /// <exception cref="ObjectDisposedException">The table is disposed.</exception>
    public Hpte this[ulong index]
    {
        get
        {
            Check(index);
            return _core.Load(index);
        }

        set
        {
            Check(index);
            _core.StoreR(index, value);
            _core.Unlock(index, value.V);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _core.Dispose();
    }

    private void Check(ulong index)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_core.IsEntry(index))
            throw new ArgumentOutOfRangeException(nameof(index), index, $"The table has {EntryCount} entries.");
    }
}
