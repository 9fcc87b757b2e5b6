using RingKit.Bitmaps.Cores;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Clients;

/// <summary>One of several readers of the same marks; see <see cref="DirtyClients"/>.</summary>
/// <remarks>Thread role: one thread at a time, concurrently with other clients and with writers.</remarks>
public sealed class DirtyClient : IDisposable
{
    private readonly DirtyClientsCore<HardwareOrdering> _clients;

    // Two structures over the same words: the one in which others mark lives until this client has left, whatever happens to the other.
    private readonly DirtyBitmapCore<HardwareOrdering> _inbox;
    private readonly DirtyBitmap _pending;
    private bool _hasLeft;

    internal DirtyClient(
        string name, DirtyClientsCore<HardwareOrdering> clients, DirtyBitmapCore<HardwareOrdering> inbox, DirtyBitmap pending)
    {
        Name = name;
        _clients = clients;
        _inbox = inbox;
        _pending = pending;
    }

    /// <summary>The name under which it joined.</summary>
    public string Name { get; }

    /// <summary>Collects all marks that were made before the call, and hands out what is pending for this client, to be harvested in any form.</summary>
    /// <returns>
    /// The client's own bitmap, always the same one: harvests, cursors, <see cref="Phases.DirtyTake"/> and clearing there concern this client
    /// alone. Other clients may add to it meanwhile.
    /// </returns>
    /// <exception cref="ObjectDisposedException">The client has left, or the marked bitmap is disposed.</exception>
    public DirtyBitmap Collect() => Collect(0, _inbox.Pages);

    /// <summary>Collects the marks of a range, such as one frame buffer.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <returns>The client's own bitmap. Pages outside the range are pending there only if they were collected before.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap.</exception>
    /// <exception cref="ObjectDisposedException">The client has left, or the marked bitmap is disposed.</exception>
    public DirtyBitmap Collect(ulong first, ulong count)
    {
        ObjectDisposedException.ThrowIf(_hasLeft, this);
        _clients.Distribute(first, count);
        return _pending;
    }

    /// <summary>Leaves. What is pending is forgotten; other clients do not notice.</summary>
    public void Dispose()
    {
        if (_hasLeft)
            return;
        _hasLeft = true;
        _clients.Remove(_inbox);
        _inbox.Dispose();
        _pending.Dispose();
    }
}
