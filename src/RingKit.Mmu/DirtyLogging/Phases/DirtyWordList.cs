using System.Numerics;
using System.Runtime.CompilerServices;
using CommunityToolkit.HighPerformance.Buffers;

namespace RingKit.Mmu.DirtyLogging.Phases;

/// <summary>A growing list of dirty words in pooled memory.</summary>
internal sealed class DirtyWordList : IDisposable
{
    private const int SmallestCapacity = 64;

    private MemoryOwner<DirtyWord> _owner;
    private DirtyWord[] _words;

    public DirtyWordList(int capacity)
    {
        _owner = MemoryOwner<DirtyWord>.Allocate(Math.Max(capacity, SmallestCapacity));
        _words = _owner.DangerousGetArray().Array!;
    }

    public int Count { get; private set; }

    /// <summary>How many words there is room for.</summary>
    public int Capacity => _words.Length;

    public Span<DirtyWord> Words => _words.AsSpan(0, Count);

    public ulong PageCount
    {
        get
        {
            ulong pages = 0;
            foreach (ref readonly DirtyWord word in Words)
                pages += (uint)BitOperations.PopCount(word.Mask);
            return pages;
        }
    }

    /// <summary>Adds pages, to the last word if it is theirs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ulong key, ulong mask)
    {
        int count = Count;
        DirtyWord[] words = _words;
        if (count > 0 && count <= words.Length && words[count - 1].Key == key)
        {
            words[count - 1] = new DirtyWord(key, words[count - 1].Mask | mask);
            return;
        }

        if (count >= words.Length)
            words = Grow();
        words[count] = new DirtyWord(key, mask);
        Count = count + 1;
    }

    /// <summary>Whether a word is the last one's or behind it, so that the list stays in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsInOrder(ulong key) => Count == 0 || _words[Count - 1].Key <= key;

    public void Clear() => Count = 0;

    /// <summary>Gives the memory of an empty list back to the pool; it gets other memory when it needs some.</summary>
    public void Shrink()
    {
        _words = [];
        _owner.Dispose();
    }

    /// <summary>Gives the memory back to the pool. The list is empty from now on.</summary>
    public void Dispose()
    {
        Clear();
        Shrink();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private DirtyWord[] Grow()
    {
        MemoryOwner<DirtyWord> larger = MemoryOwner<DirtyWord>.Allocate(checked(2 * Math.Max(Count, SmallestCapacity)));
        Words.CopyTo(larger.Span);
        _owner.Dispose();
        _owner = larger;
        return _words = larger.DangerousGetArray().Array!;
    }
}
