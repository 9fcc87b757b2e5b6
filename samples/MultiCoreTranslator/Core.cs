namespace MultiCoreTranslator;

/// <summary>One core: writes code of its own, runs that of all, and drops translations of pages that were written since.</summary>
internal sealed class Core(int id, ulong[] pages, RingCodeWrites? rings, ListCodeWrites list)
{
    // What a page held when it was translated; 0 where there is no translation.
    private readonly ulong[] _translations = new ulong[pages.Length];
    private readonly ulong[] _block = new ulong[64];
    private ulong _random = (uint)id + 1;

    /// <summary>How many writes it was told of, with those that it missed and only knows the number of.</summary>
    public ulong Told { get; private set; }
    public bool HasStaleTranslation => pages.Zip(_translations).Any(page => page.Second != 0 && page.Second != page.First);

    /// <summary>Runs blocks that write so many words of code each, with an instruction fence after 512 words. Then serves the others until all are done.</summary>
    public void Run(int words, int wordsInBlock, CountdownEvent all)
    {
        for (int done = 0; done < words; done += 512)
        {
            for (int written = 0; written < 512; written += wordsInBlock)
                Write(_block.AsSpan(0, wordsInBlock));
            Fence();
            for (int i = 0; i < 8; i++)
                Translate(Random() % (ulong)pages.Length);
        }

        all.Signal();
        for (bool over = false; Fence() || !over; over = all.IsSet)
            Thread.Yield();
    }

    private void Write(Span<ulong> block)
    {
        ulong next = ((ulong)id << 22) + (Random() & 0x3FFE00);
        foreach (ref ulong address in block)
        {
            (address, next) = (next, next + sizeof(ulong));
            pages[address >> 12] = _random;
            _translations[address >> 12] = 0;
        }

        for (int done = 0; (done += rings?.Publish(id, block[done..]) ?? list.Publish(block)) < block.Length; Fence())
            Thread.Yield();
    }

    private void Translate(ulong page) => _translations[page] = _translations[page] == 0 ? pages[page] : _translations[page];

    private bool Fence()
    {
        ulong missed = 0;
        int taken = rings?.Invalidate(id, _translations, out missed) ?? list.Invalidate(id, _translations);
        if (missed != 0)
            Array.Clear(_translations);
        Told += (uint)taken + missed;
        return taken != 0;
    }

    private ulong Random() => (_random = (_random * 6364136223846793005) + 1442695040888963407) >> 32;
}
