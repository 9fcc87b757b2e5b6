namespace MultiCoreTranslator;

/// <summary>One core: writes code of its own, runs that of all, and drops translations of pages that were written since.</summary>
internal sealed class Core(int id, ulong[] pages, RingCodeWrites? rings, ListCodeWrites list, bool forgets)
{
    // What a page held when it was translated; 0 where there is no translation. A core that forgets drops others than these.
    private readonly ulong[] _translations = new ulong[pages.Length], _dropped = forgets ? new ulong[pages.Length] : [];
    private readonly ulong[] _block = new ulong[64];
    private ulong _random = (uint)id + 1;
    public long Words, Published, Told, Allocated, Growth;
    public bool HasStaleTranslation => pages.Zip(_translations).Any(page => page.Second != 0 && page.Second != page.First);
    /// <summary>How many entries it has to be told of when all is done. Readers of a list meet what they wrote themselves, too.</summary>
    public long Due(Core[] cores) => cores.Sum(core => core.Published) - (rings is null ? 0 : Published);

    /// <summary>Writes blocks of so many words, a fence after each 512 words, until they are enough or time is up. Then serves the others.</summary>
    public void Run(int wordsInBlock, long words, long milliseconds, CountdownEvent all, bool leaves, bool halts)
    {
        if (leaves || halts)
            StayAway(leaves ? rings : null, all);
        (words, long end) = (Words + words, Environment.TickCount64 + milliseconds);
        Allocated -= GC.GetAllocatedBytesForCurrentThread();
        for (; Words < words && Environment.TickCount64 < end; Words += 512, Published += 512 / (rings is null ? 1 : wordsInBlock))
        {
            for (int i = 0; i < 512; i += wordsInBlock)
                Write(_block.AsSpan(0, wordsInBlock));
            Fence();
            for (int i = 0; i < 4; i++)
                Translate(Random() % (ulong)pages.Length);
        }

        all.Signal();
        while (!all.IsSet | Fence(yields: true)) { }
        Allocated += GC.GetAllocatedBytesForCurrentThread();
    }

    // Until the first two are done. Who has left comes back without translations.
    private void StayAway(RingCodeWrites? left, CountdownEvent all)
    {
        Growth = -Environment.WorkingSet;
        left?.Leave();
        SpinWait.SpinUntil(() => all.CurrentCount <= 2);
        Array.Clear(_translations, 0, left is null ? 0 : pages.Length);
        left?.Join();
        Growth += Environment.WorkingSet;
    }

    private void Write(Span<ulong> block)
    {
        (ulong next, ulong code) = (((ulong)id << 22) + (Random() & 0x3FFE00), _random);
        for (int i = 0; i < block.Length; i++, next += sizeof(ulong))
        {
            (int page, block[i]) = ((int)(next >> 12), next);
            (pages[page], _translations[page]) = (code, 0);
        }

        // Who finds no room drops translations meanwhile, so that no two cores wait for each other.
        for (int done = 0; (done += rings?.Publish(block[done..]) ?? list.Publish(block)) < block.Length;)
            Fence(yields: true);
    }
    private void Translate(ulong page) => _translations[page] = _translations[page] == 0 ? pages[page] : _translations[page];

    // Not inlined: the call of the system would have its price in each Write.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private bool Fence(bool yields = false)
    {
        _ = yields && Thread.Yield();
        long before = Told;
        Told += rings?.Invalidate(forgets ? _dropped : _translations) ?? list.Invalidate(forgets ? _dropped : _translations);
        return Told != before;
    }
    private ulong Random() => (_random = (_random * 6364136223846793005) + 1442695040888963407) >> 32;
}
