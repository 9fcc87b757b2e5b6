using RingKit.Rings;

namespace MultiCoreTranslator;

/// <summary>A broadcast ring for each core that writes, which the others read at their own pace. No lock, no allocation, bounded memory.</summary>
internal sealed class RingCodeWrites(int cores, LaggardPolicy policy) : IDisposable
{
    private readonly BroadcastRing<uint>[] _rings =
        [.. Enumerable.Range(0, cores).Select(_ => new BroadcastRing<uint>(capacity: 1 << 16, new() { WhenReaderLags = policy }))];
    private readonly BroadcastReader<uint>[][] _readers = new BroadcastReader<uint>[cores][];

    /// <summary>A core comes, and reads what the others write from now on.</summary>
    public void Join(int core) => _readers[core] = [.. _rings.Where((_, writer) => writer != core).Select(ring => ring.Join())];

    /// <summary>A core goes: nothing is kept for it, and nobody waits for it.</summary>
    public void Leave(int core) => Array.ForEach(_readers[core], reader => reader.Dispose());

    /// <summary>Publishes the pages that a core wrote; if a core lags that must not miss any, fewer than all.</summary>
    public int Publish(int core, ReadOnlySpan<ulong> addresses)
    {
        ulong last = ulong.MaxValue;
        for (int done = 0; done < addresses.Length; last = addresses[done++] >> 12)
            if (addresses[done] >> 12 != last && !_rings[core].Writer.TryWrite((uint)(addresses[done] >> 12)))
                return done;

        return addresses.Length;
    }

    /// <summary>Drops a core's translations of pages that others wrote. If it has missed some, any page may have been written.</summary>
    public int Invalidate(int core, ulong[] translations, out ulong missed)
    {
        Span<uint> pages = stackalloc uint[1024];
        (int count, missed) = (0, 0);
        foreach (BroadcastReader<uint> reader in _readers[core])
        {
            int taken = reader.Read(pages, out ulong gap);
            foreach (uint page in pages[..taken])
                translations[page] = 0;
            (count, missed) = (count + taken, missed + gap);
        }

        return count;
    }

    public void Dispose() => Array.ForEach(_rings, ring => ring.Dispose());
}
