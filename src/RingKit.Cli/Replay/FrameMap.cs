using System.Runtime.CompilerServices;

namespace RingKit.Cli.Replay;

/// <summary>Gives the traced program's pages guest frames, in the order in which it first touches them.</summary>
/// <param name="capacity">How many frames the guest has.</param>
internal sealed class FrameMap(ulong capacity)
{
    private const int CacheEntries = 1024;

    // In front of the dictionary, direct-mapped by the page. Key 0 is an empty entry, so keys are pages + 1: a page has 52 bits.
    private readonly (ulong Key, ulong Gfn)[] _cache = new (ulong, ulong)[CacheEntries];
    private readonly Dictionary<ulong, ulong> _frames = [];
    private readonly List<ulong> _pages = [];

    /// <summary>The frame of a page, which gets the next free one if it has none.</summary>
    /// <param name="page">A virtual page number.</param>
    /// <param name="gfn">The guest frame number.</param>
    /// <returns>False if there is no free frame left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGetFrame(ulong page, out ulong gfn)
    {
        ref (ulong Key, ulong Gfn) entry = ref _cache[page & (CacheEntries - 1)];
        gfn = entry.Gfn;
        return entry.Key == page + 1 || TryGetFrameSlowly(page, ref entry, out gfn);
    }

    /// <summary>The page that has a frame, or null if no page has it.</summary>
    public ulong? PageOf(ulong gfn) => gfn < (ulong)_pages.Count ? _pages[(int)gfn] : null;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryGetFrameSlowly(ulong page, ref (ulong Key, ulong Gfn) entry, out ulong gfn)
    {
        if (!_frames.TryGetValue(page, out gfn))
        {
            gfn = (ulong)_pages.Count;
            if (gfn == capacity)
                return false;
            _frames.Add(page, gfn);
            _pages.Add(page);
        }

        entry = (page + 1, gfn);
        return true;
    }
}
