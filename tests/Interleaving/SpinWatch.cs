namespace RingKit.Interleaving;

/// <summary>
/// What a thread read since it last paused: decides when a waiting thread may go on, and when its waiting is no progress.
/// </summary>
/// <remarks>
/// A pause ends when one of the locations read since the pause before holds a later store with another value. After it the thread may
/// still read old values. But a whole round that reads the same stores again is no progress: where there is, or will be, something newer to
/// read, the execution without that round shows the same, and this one is cut off. So no thread spins on old values for ever. Whether an
/// execution is cut off follows from what its loads read, not from the order of steps that do not matter to each other.
/// </remarks>
internal sealed class SpinWatch
{
    // What a round read of a location: something newer than the first store is news, another store than the last one is progress.
    private readonly record struct Sighting(Location Location, StoreRecord First, StoreRecord Last);

    private readonly List<Sighting> _round = [];
    private readonly List<Sighting> _previous = [];
    private bool _wrote;
    private bool _mustPass;

    /// <summary>After a pause that waited for this location alone: the next load of it reads a later store than the one returned.</summary>
    public StoreRecord? MustPass(Location location) =>
        _mustPass && ReferenceEquals(_previous[0].Location, location) ? _previous[0].First : null;

    /// <summary>The thread paused after a round without progress.</summary>
    public bool IsIdle { get; private set; }

    /// <summary>The thread has read nothing since the last pause: it waits for nothing that the model knows.</summary>
    public bool HasReadNothing => _round.Count == 0;

    public void Begin()
    {
        _round.Clear();
        _previous.Clear();
        _wrote = false;
        _mustPass = IsIdle = false;
    }

    public void NoteRead(Location location, StoreRecord store)
    {
        if (_mustPass && ReferenceEquals(_previous[0].Location, location))
            _mustPass = false;
        int index = IndexOf(_round, location);
        if (index < 0)
            _round.Add(new Sighting(location, store, store));
        else
            _round[index] = _round[index] with { Last = store };
    }

    /// <summary>A thread waits for news since its own store, where it has read the location at all.</summary>
    public void NoteWrite(Location location, StoreRecord store)
    {
        _wrote = true;
        int index = IndexOf(_round, location);
        if (index >= 0)
            _round[index] = new Sighting(location, store, store);
    }

    /// <summary>Ends a round at a pause.</summary>
    /// <returns>Whether there is something new to read already.</returns>
    public bool EndRound()
    {
        IsIdle = !MadeProgress();
        _previous.Clear();
        _previous.AddRange(_round);
        _round.Clear();
        _wrote = false;
        _mustPass = _previous.Count == 1;
        return HasNews();
    }

    /// <summary>Whether a store to the location gives a paused thread something new to read.</summary>
    public bool HasNews(Location written)
    {
        int index = IndexOf(_previous, written);
        return index >= 0 && written.HasNewsSince(_previous[index].First);
    }

    private static int IndexOf(List<Sighting> round, Location location)
    {
        for (int i = 0; i < round.Count; i++)
        {
            if (ReferenceEquals(round[i].Location, location))
                return i;
        }

        return -1;
    }

    private bool HasNews()
    {
        foreach (Sighting sighting in _previous)
        {
            if (sighting.Location.HasNewsSince(sighting.First))
                return true;
        }

        return false;
    }

    private bool MadeProgress()
    {
        if (_wrote || _previous.Count == 0)
            return true;

        foreach (Sighting sighting in _round)
        {
            int index = IndexOf(_previous, sighting.Location);
            if (index < 0 || !ReferenceEquals(_previous[index].Last, sighting.Last))
                return true;
        }

        return false;
    }
}
