using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable.Images;

/// <summary>Recognises KVM's stream, which has no magic number, by its first two headers.</summary>
internal static class HtabStreamDetection
{
    private const int ValidByte = 7;

    /// <summary>The order of bytes in which the input is such a stream, from its first pass on; null in none.</summary>
    /// <returns>True for big-endian, false for little-endian.</returns>
    public static bool? Find(TableInput input)
    {
        ReadOnlySpan<byte> head = input.Peek(TableInput.LookAhead);
        if (Follows(head, bigEndian: false))
            return false;
        return Follows(head, bigEndian: true) ? true : null;
    }

    // In the wrong order of bytes the second index is no sum of the first counts: both counts and the index would have to read the same backwards,
    // which no index in range does. A raw dump has words there whose value does not depend on the first one.
    private static bool Follows(ReadOnlySpan<byte> head, bool bigEndian)
    {
        if (head.Length < HtabRecord.SizeInBytes)
            return false;

        HtabRecord first = HtabRecord.Parse(head, bigEndian);
        if (first.Index != 0 || first.IsEmpty)
            return false;

        ReadOnlySpan<byte> entries = head[HtabRecord.SizeInBytes..];
        for (int i = 0; i < first.ValidCount; i++)
        {
            int at = (i * WordPair.SizeInBytes) + ValidByte;
            if (at < entries.Length && (entries[at] & HpteV.Valid) == 0)
                return false;
        }

        // Cut off in the first run: a stream still, and the reader says where.
        int end = first.ValidCount * WordPair.SizeInBytes;
        if (entries.Length < end + HtabRecord.SizeInBytes)
            return entries.Length != end || HptGeometry.IsEntryCount(first.End);

        HtabRecord second = HtabRecord.Parse(entries[end..], bigEndian);
        return !second.IsEmpty && (second.Index == first.End || (second.Index < first.End && HptGeometry.IsEntryCount(first.End)));
    }
}
