using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RingKit.Bitmaps.Cores;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Harvesting;

/// <summary>Runs on their way to a sink, as <see cref="RunForm"/> writes them.</summary>
/// <param name="room"><see cref="Room"/> places.</param>
internal ref struct RunJoiner(Span<ulong> room)
{
    /// <summary>8 KiB of the caller's stack: with few pages dirty, some hundred words before each delivery.</summary>
    public const int Room = 1024;

    private readonly Span<ulong> _changes = room;
    private nuint _count;
    private ulong _end = RunForm.NoOpenRun;

    public readonly bool IsFull => _count > (nuint)(Room - RunForm.PlacesAWord);

    /// <summary>The runs that nothing can prolong, each as its first page and the page behind it.</summary>
    public readonly ReadOnlySpan<ulong> Closed => _changes[..((int)_count & ~1)];

    /// <summary>Joins a word to those before it; not if it is full.</summary>
    public void Add(ulong firstPage, ulong mask)
    {
        ref ulong first = ref MemoryMarshal.GetReference(_changes);
        ref ulong next = ref RunForm.Write(firstPage, mask, ref Unsafe.Add(ref first, _count), ref _end);
        _count = (nuint)Unsafe.ByteOffset(ref first, ref next) / sizeof(ulong);
    }

    /// <summary>Joins words that a bitmap's harvest takes, until it is full or the part is through.</summary>
    /// <returns>Whether it is full.</returns>
    public bool AddFrom<TOrdering>(DirtyBitmapCore<TOrdering> bitmap, ref DirtyBitmapCore<TOrdering>.Part part, bool takes)
        where TOrdering : struct, IOrdering => bitmap.TakeInto<RunForm>(ref part, takes, _changes, ref _count, ref _end);

    /// <summary>Nothing follows: closes the last run.</summary>
    public void Close()
    {
        if (_end != RunForm.NoOpenRun)
            _changes[(int)_count++] = _end;
        _end = RunForm.NoOpenRun;
    }

    /// <summary>Goes on with an open run, if there is one; nothing of its own may be left.</summary>
    public void Reopen(ref RunsLeft left)
    {
        if (left.OpenEnd != 0)
            (_changes[0], _count, _end) = (left.OpenStart, 1, left.OpenEnd);
        left.Close();
    }

    /// <summary>Leaves the open run, if there is one, to another; all others must be delivered.</summary>
    public void HandOver(ref RunsLeft left)
    {
        if (_end != RunForm.NoOpenRun)
            left.Open(_changes[0], _end);
        _count = 0;
        _end = RunForm.NoOpenRun;
    }

    /// <summary>Forgets the runs that were delivered.</summary>
    public void Drop(ref int delivered)
    {
        _changes[delivered..(int)_count].CopyTo(_changes);
        _count -= (uint)delivered;
        delivered = 0;
    }

    /// <summary>Hands runs to a sink.</summary>
    /// <param name="closed">What <see cref="Closed"/> says.</param>
    /// <param name="sink">Takes the runs.</param>
    /// <param name="delivered">Up to where, if the sink throws: to be dropped.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    public static void Deliver<TSink>(scoped ReadOnlySpan<ulong> closed, ref TSink sink, ref int delivered)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        for (int i = 0; i + 1 < closed.Length; i += 2)
        {
            delivered = i;
            sink.Accept(closed[i], closed[i + 1] - closed[i]);
        }

        delivered = closed.Length;
    }
}
