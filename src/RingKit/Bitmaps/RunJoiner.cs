using System.Numerics;

namespace RingKit.Bitmaps;

/// <summary>Turns ascending masks into runs that join across words.</summary>
internal struct RunJoiner
{
    // The run that the next mask may still prolong, and what is left of the mask that Add works on.
    private ulong _first;
    private ulong _count;
    private ulong _restFirst;
    private ulong _rest;

    public void Add<TSink>(ref TSink sink, ulong firstPage, ulong mask)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        _restFirst = firstPage;
        _rest = mask;
        while (_rest != 0)
        {
            int start = BitOperations.TrailingZeroCount(_rest);
            int length = BitOperations.TrailingZeroCount(~(_rest >> start));
            ulong first = firstPage + (uint)start;
            if (_count != 0 && _first + _count == first)
            {
                _count += (uint)length;
            }
            else
            {
                Flush(ref sink);
                _first = first;
                _count = (uint)length;
            }

            // Two shifts: one by 64 would be none.
            _rest = start + length == 64 ? 0 : _rest >> (start + length) << (start + length);
        }
    }

    public void Flush<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        if (_count == 0)
            return;
        sink.Accept(_first, _count);
        _count = 0;
    }

    /// <summary>The run that was joined and has not reached the sink; 0 pages if there is none.</summary>
    public readonly (ulong First, ulong Count) UndeliveredRun => (_first, _count);

    /// <summary>What of the last mask is in no run yet.</summary>
    public readonly (ulong FirstPage, ulong Mask) UnreadMask => (_restFirst, _rest);
}
