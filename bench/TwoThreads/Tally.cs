using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RingKit.Bench.TwoThreads;

/// <summary>What a receiver saw: two additions an item, so that the check costs little beside what it checks.</summary>
internal struct Tally
{
    private ulong _sequences;
    private ulong _payloads;

    public void Add(in Item item)
    {
        _sequences += item.Sequence;
        _payloads += item.Payload;
    }

    public void Add(ReadOnlySpan<Item> items)
    {
        ReadOnlySpan<Vector256<ulong>> pairs = MemoryMarshal.Cast<Item, Vector256<ulong>>(items);
        Vector256<ulong> even = default;
        Vector256<ulong> odd = default;
        for (int i = 0; i + 1 < pairs.Length; i += 2)
        {
            even += pairs[i];
            odd += pairs[i + 1];
        }

        Vector256<ulong> sums = even + odd;
        _sequences += sums[0] + sums[2];
        _payloads += sums[1] + sums[3];
        foreach (ref readonly Item item in items[(pairs.Length / 2 * 4)..])
            Add(item);
    }

    /// <summary>Whether these are the sums over the sequence numbers from 0 to count - 1, each with its payload.</summary>
    public readonly bool Matches(long count)
    {
        ulong expected = (ulong)(Int128.One * count * (count - 1) / 2);
        return _sequences == expected && _payloads == unchecked(expected * Item.Factor);
    }
}
