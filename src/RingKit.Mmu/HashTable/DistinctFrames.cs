namespace RingKit.Mmu.HashTable;

/// <summary>Counts how many different page frames it was given.</summary>
/// <remarks>
/// Sorted lists, not a hash set: frames come out of files that anyone may have made, and sorting has no worst case. Duplicates go whenever the list is full, so it
/// is never more than four times as long as there are different frames.
/// </remarks>
internal sealed class DistinctFrames
{
    private ulong[] _frames = new ulong[4096];
    private int _count;

    public void Add(ulong frame)
    {
        if (_count == _frames.Length)
        {
            Unite();
            if (_count == Array.MaxLength)
                throw new InvalidOperationException($"There are more than {_count} different frames.");
            if (_count > _frames.Length / 2)
                Array.Resize(ref _frames, (int)Math.Min(2L * _frames.Length, Array.MaxLength));
        }

        _frames[_count++] = frame;
    }

    public ulong Count()
    {
        Unite();
        return (ulong)_count;
    }

    private void Unite()
    {
        Span<ulong> frames = _frames.AsSpan(0, _count);
        frames.Sort();
        int united = 0;
        foreach (ulong frame in frames)
        {
            if (united == 0 || frames[united - 1] != frame)
                frames[united++] = frame;
        }

        _count = united;
    }
}
