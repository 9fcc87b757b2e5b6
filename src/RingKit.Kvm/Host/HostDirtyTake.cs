using RingKit.Bitmaps;
using RingKit.Bitmaps.Phases;

namespace RingKit.Kvm.Host;

/// <summary>A harvest of a host log in two phases: takes written pages and holds them, until they are confirmed or put back.</summary>
/// <remarks>
/// For transfers that may fail after the harvest; what <see cref="DirtyTake"/> is to a bitmap. A page that is held is clean in the log, and protected: if it is written
/// meanwhile, it is in the next harvest too.
/// <para>Thread role: <see cref="Take"/> is a harvest of the log, in the role of its harvesting thread; everything else by any threads: each page is confirmed or put back once.</para>
/// It can be used again and again, and allocates nothing then. Several may take from one log.
/// </remarks>
public sealed class HostDirtyTake : IDisposable
{
    private readonly HostDirtyLog _log;
    private readonly DirtyTake _held;

    /// <summary>Makes an empty one, with a bit for each page.</summary>
    /// <param name="log">What it takes from and puts back into.</param>
    /// <exception cref="ArgumentNullException">There is no log.</exception>
    public HostDirtyTake(HostDirtyLog log)
    {
        ArgumentNullException.ThrowIfNull(log);
        _log = log;
        _held = new DirtyTake(log.Pending);
    }

    /// <summary>How many pages are held.</summary>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong Count() => _held.Count();

    /// <summary>Whether a page is held. If so, the writes that came before it was taken are visible.</summary>
    /// <param name="page">A page of the log.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public bool IsHeld(ulong page) => _held.IsHeld(page);

    /// <summary>Takes all dirty pages, which are clean in the log and held here.</summary>
    /// <returns>How many pages were taken, those included that were held already.</returns>
    /// <exception cref="ObjectDisposedException">This or the log is disposed.</exception>
    /// <exception cref="HostTrackingException">The memory is not mapped any more.</exception>
    public ulong Take()
    {
        _log.Collect(0, _log.Pages, ulong.MaxValue);
        return _held.Take();
    }

    /// <summary>Shows all held pages as masks. They stay held, even if the sink throws.</summary>
    /// <param name="sink">Is shown the masks.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public void ReadMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct => _held.ReadMasks(ref sink);

    /// <summary>Shows all held pages as runs. They stay held, even if the sink throws.</summary>
    /// <param name="sink">Is shown the runs.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public void ReadRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct => _held.ReadRuns(ref sink);

    /// <summary>All held pages have arrived: they are held no longer.</summary>
    /// <returns>How many pages that were.</returns>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong Confirm() => _held.Confirm();

    /// <summary>The held pages of a range have arrived.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <returns>How many of them were held.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The log does not have these pages; nothing was confirmed.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong Confirm(ulong first, ulong count) => _held.Confirm(first, count);

    /// <summary>Marks all held pages dirty again: the transfer has failed, or its rest has.</summary>
    /// <returns>How many pages that were.</returns>
    /// <exception cref="ObjectDisposedException">This or the log is disposed.</exception>
    public ulong PutBack() => _held.PutBack();

    /// <summary>Marks the held pages of a range dirty again.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <returns>How many of them were held.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The log does not have these pages; nothing was put back.</exception>
    /// <exception cref="ObjectDisposedException">This or the log is disposed.</exception>
    public ulong PutBack(ulong first, ulong count) => _held.PutBack(first, count);

    /// <summary>Puts back what is still held, unless the log is disposed already.</summary>
    public void Dispose() => _held.Dispose();
}
