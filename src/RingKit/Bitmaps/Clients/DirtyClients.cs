using RingKit.Bitmaps.Cores;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Clients;

/// <summary>Several readers of one marking: each named client, such as a display and a migration, harvests all marks for itself.</summary>
/// <remarks>
/// Writers mark the one bitmap, in one atomic step a word however many clients there are. The harvests pay: each client has a bitmap of its own,
/// and whoever harvests first moves new marks into those of all clients. docs/bitmaps.md has the figures.
/// <para>
/// Thread role: all members by any threads, while writers mark. Harvests of different clients exclude each other while they move marks, and not
/// while their sinks work. From the first client on, nothing else may harvest the bitmap: it would take marks away from all clients.
/// </para>
/// </remarks>
public sealed class DirtyClients
{
    private readonly DirtyBitmap _marks;
    private readonly DirtyClientsCore<HardwareOrdering> _core;

    /// <summary>Begins without clients.</summary>
    /// <param name="marks">What writers mark. Its owner disposes it, when no client harvests any more.</param>
    /// <exception cref="ArgumentNullException">There is no bitmap.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public DirtyClients(DirtyBitmap marks)
    {
        ArgumentNullException.ThrowIfNull(marks);
        marks.Core.ThrowIfDisposed();
        _marks = marks;
        _core = new DirtyClientsCore<HardwareOrdering>(marks.Core);
    }

    /// <summary>The names of the clients, in the order in which they joined.</summary>
    public IReadOnlyList<string> Names => _core.Names();

    /// <summary>Adds a client, while others harvest and writers mark.</summary>
    /// <param name="name">What it is called, as no other client is.</param>
    /// <param name="allDirty">True if it begins with every page dirty, false if with the marks made from now on.</param>
    /// <returns>The client, which leaves when it is disposed. A forgotten one costs every harvest its share.</returns>
    /// <exception cref="ArgumentException">There is no name, or a client that has it; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public DirtyClient Join(string name, bool allDirty = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _marks.Core.ThrowIfDisposed();
        using var block = new NativeBlock<ulong>((nuint)DirtyBitmapCore<HardwareOrdering>.WordsFor(_marks.Pages));
        var inbox = new DirtyBitmapCore<HardwareOrdering>(block.View, _marks.Pages);
        try
        {
            if (allDirty)
                inbox.MarkRange(0, _marks.Pages);
            _core.Add(name, inbox);
            return new DirtyClient(name, _core, inbox, new DirtyBitmap(block.View, _marks.Pages));
        }
        catch
        {
            inbox.Dispose();
            throw;
        }
    }
}
