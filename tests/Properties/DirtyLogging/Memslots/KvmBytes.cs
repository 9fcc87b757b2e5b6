namespace RingKit.Properties.DirtyLogging.Memslots;

/// <summary>Bitmaps in KVM's bytes, the slow way: bit i is bit i % 8 of byte i / 8.</summary>
internal static class KvmBytes
{
    public static List<ulong> Pages(ReadOnlySpan<byte> bytes)
    {
        List<ulong> pages = [];
        for (int i = 0; i < bytes.Length * 8; i++)
        {
            if ((bytes[i / 8] >> (i % 8) & 1) != 0)
                pages.Add((ulong)i);
        }

        return pages;
    }

    /// <summary>A bitmap whose bit 0 is page <paramref name="first"/>.</summary>
    public static byte[] Of(ulong first, ulong count, params IEnumerable<ulong> pages)
    {
        byte[] bytes = new byte[(count + 63) / 64 * 8];
        foreach (ulong page in pages)
            bytes[(page - first) / 8] |= (byte)(1 << (int)((page - first) % 8));
        return bytes;
    }
}
