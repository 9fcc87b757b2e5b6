using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Interleaving;

/// <summary>The locations of one execution, found by address, and what each access may see and teaches.</summary>
/// <remarks>
/// The rules are those of RC11 for executions in which program order and reads-from have no cycle: see README.md. Each location is a
/// list of stores in modification order; a thread's view decides which of them it may still read, and after which it may store.
/// </remarks>
internal sealed class ModelMemory
{
    private readonly List<Location> _locations = [];
    private readonly List<StoreRecord> _stores = [];
    private int _locationCount;
    private int _storeCount;

    // Open addressing by the 8-byte word, so that accesses of different sizes to one word meet. An entry counts if its stamp is ours.
    private (Location Location, int Stamp)[] _table = new (Location, int)[256];
    private int _stamp;

    private Vector128<int> _fenceView;
    private Vector128<int> _fenceCause;

    public IEnumerable<Location> Locations => _locations.Take(_locationCount);

    public void Begin()
    {
        _stamp++;
        _locationCount = 0;
        _storeCount = 0;
        _fenceView = _fenceCause = default;
    }

    /// <summary>The location at an address; made if it was not touched before.</summary>
    /// <exception cref="ModelException">The word is also accessed at another size or offset that overlaps.</exception>
    public Location Find(nuint address, int size)
    {
        uint slot = Hash(address);
        while (_table[slot].Stamp == _stamp)
        {
            Location location = _table[slot].Location;
            if (location.Address == address && location.Size == size)
                return location;
            if (address < location.Address + (nuint)location.Size && location.Address < address + (nuint)size)
                throw new ModelException($"#{location.Index} has {location.Size} bytes and is accessed as {size}: no mixed sizes here.");
            slot = (slot + 1) & (uint)(_table.Length - 1);
        }

        if (_locationCount == _locations.Count)
            _locations.Add(new Location());
        Location made = _locations[_locationCount];
        made.Begin(address, size, _locationCount++);
        _table[slot] = (made, _stamp);
        if (_locationCount > _table.Length / 2)
            Grow();
        return made;
    }

    /// <summary>The location for atomic access: what memory holds so far is its first store, which every thread knows.</summary>
    public unsafe Location FindAtomic(nuint address, int size)
    {
        Location location = Find(address, size);
        if (location.StoreCount == 0)
        {
            StoreRecord first = NewStore(ReadThrough(address, size), step: -1, writer: -1);
            location.Insert(0, first);
        }

        return location;
    }

    /// <summary>An atomic load, or the load of a read-modify-write.</summary>
    public static void Load(LogicalThread thread, Location location, StoreRecord store, bool acquire)
    {
        store.SeenBy = store.SeenBy.WithElement(thread.Index, Math.Min(store.SeenBy.GetElement(thread.Index), thread.Clock));
        thread.Cause = Clocks.Join(thread.Cause, store.Cause);
        if (acquire)
        {
            thread.HappensBefore = Clocks.Join(thread.HappensBefore, store.ReleasedHappensBefore);
            thread.View = Clocks.Join(thread.View, store.ReleasedView);
        }
        else
        {
            thread.ReadHappensBefore = Clocks.Join(thread.ReadHappensBefore, store.ReleasedHappensBefore);
            thread.ReadView = Clocks.Join(thread.ReadView, store.ReleasedView);
        }

        location.AtomicReads = location.AtomicReads.WithElement(thread.Index, thread.Clock);
    }

    /// <summary>
    /// An atomic store behind a position of the modification order, or the store of a read-modify-write of the store there.
    /// </summary>
    public StoreRecord Store(LogicalThread thread, Location location, int after, ulong value, bool release, int step, StoreRecord? modified)
    {
        StoreRecord store = NewStore(value, step, thread.Index);
        store.SeenBy = Vector128.Create(Clocks.Never).WithElement(thread.Index, thread.Clock);
        store.ReleasedHappensBefore = release ? thread.HappensBefore : thread.FencedHappensBefore;
        store.ReleasedView = release ? thread.View : thread.FencedView;
        store.Cause = thread.Cause;
        if (modified is not null)
        {
            // A release sequence goes on through read-modify-writes, whatever their own order.
            store.IsReadModifyWrite = true;
            store.ReleasedHappensBefore = Clocks.Join(store.ReleasedHappensBefore, modified.ReleasedHappensBefore);
            store.ReleasedView = Clocks.Join(store.ReleasedView, modified.ReleasedView);
        }

        location.Insert(after + 1, store);
        location.AtomicWrites = location.AtomicWrites.WithElement(thread.Index, thread.Clock);
        WriteThrough(location);
        return store;
    }

    /// <summary>A full fence: acquires for the loads before, releases for the stores after, and comes after all fences so far.</summary>
    public void Fence(LogicalThread thread)
    {
        thread.HappensBefore = Clocks.Join(thread.HappensBefore, thread.ReadHappensBefore);
        thread.View = Clocks.Join(Clocks.Join(thread.View, thread.ReadView), _fenceView);
        thread.Cause = Clocks.Join(thread.Cause, _fenceCause);
        thread.FencedHappensBefore = thread.HappensBefore;
        _fenceView = thread.FencedView = thread.View;
        _fenceCause = thread.Cause;
    }

    /// <summary>One thread's part of another one's process-wide fence: each thread's stores so far are seen by the other one from now on.</summary>
    public void ProcessWideFence(LogicalThread caller, LogicalThread fenced)
    {
        Fence(caller);
        Fence(fenced);
        Fence(caller);
    }

    /// <summary>Payload was written to a word that is also accessed atomically: what was written is its latest store.</summary>
    public void NotePlainWrite(LogicalThread thread, Location location, ulong value, int step)
    {
        StoreRecord store = NewStore(value, step, thread.Index);
        store.SeenBy = Vector128.Create(Clocks.Never).WithElement(thread.Index, thread.Clock + 1);
        store.Cause = thread.Cause;
        location.Insert(location.StoreCount, store);
    }

    private StoreRecord NewStore(ulong value, int step, int writer)
    {
        if (_storeCount == _stores.Count)
            _stores.Add(new StoreRecord());
        StoreRecord store = _stores[_storeCount++];
        store.Value = value;
        store.Step = step;
        store.Writer = writer;
        store.IsReadModifyWrite = false;
        store.SeenBy = store.ReleasedHappensBefore = store.ReleasedView = store.Cause = default;
        return store;
    }

    // What the threads read without the model, and what is there when they have ended, is the end of the modification order.
    private static unsafe void WriteThrough(Location location)
    {
        ulong value = location.Stores[^1].Value;
        switch (location.Size)
        {
            case 1:
                *(byte*)location.Address = (byte)value;
                break;
            case 4:
                *(uint*)location.Address = (uint)value;
                break;
            default:
                *(ulong*)location.Address = value;
                break;
        }
    }

    private static unsafe ulong ReadThrough(nuint address, int size) => size switch
    {
        1 => *(byte*)address,
        4 => *(uint*)address,
        _ => *(ulong*)address,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Hash(nuint address) => (uint)(((address >> 3) * 0x9E3779B97F4A7C15) >> 40) & (uint)(_table.Length - 1);

    private void Grow()
    {
        _table = new (Location, int)[_table.Length * 2];
        foreach (Location location in Locations)
        {
            uint slot = Hash(location.Address);
            while (_table[slot].Stamp == _stamp)
                slot = (slot + 1) & (uint)(_table.Length - 1);
            _table[slot] = (location, _stamp);
        }
    }
}
