using RingKit.Rings;

namespace MultiCoreTranslator;

/// <summary>A broadcast ring of pages for each core, which the others read at their own pace. No lock, no allocation, bounded memory.</summary>
internal sealed class RingCodeWrites(BroadcastRing<uint>[] rings, int core)
{
    private readonly BroadcastWriter<uint> _writer = rings[core].Writer;
    private BroadcastReader<uint>[] _readers = [.. rings.Where((_, writer) => writer != core).Select(ring => ring.Join())];

    public void Leave() => Array.ForEach(_readers, reader => reader.Dispose());
    public void Join() => _readers = [.. rings.Where((_, writer) => writer != core).Select(ring => ring.Join())];

    /// <summary>Publishes the pages; fewer than all if a core has no room left that must not miss any.</summary>
    public int Publish(ReadOnlySpan<ulong> addresses)
    {
        ulong last = ulong.MaxValue;
        for (int i = 0; i < addresses.Length; last = addresses[i++] >> 12)
            if (addresses[i] >> 12 != last && !_writer.TryWrite((uint)(addresses[i] >> 12)))
                return i;
        return addresses.Length;
    }

    /// <summary>Drops the translations of pages that others wrote; all, if it has missed some.</summary>
    public long Invalidate(ulong[] translations)
    {
        long told = 0;
        foreach (BroadcastReader<uint> reader in _readers)
        {
            RingLoan<uint> pages = reader.Peek();
            foreach (uint page in pages.First)
                translations[page] = 0;
            foreach (uint page in pages.Second)
                translations[page] = 0;
            if (pages.Gap != 0)
                Array.Clear(translations);
            told += pages.Count + (long)pages.Gap;
            pages.Release();
        }
        return told;
    }
}
