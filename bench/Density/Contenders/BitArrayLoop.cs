using System.Collections;
using System.Runtime.InteropServices;

namespace RingKit.Bench.Density.Contenders;

/// <summary>The loop that comes to mind first over the framework's own bitmap.</summary>
internal sealed class BitArrayLoop(int words) : Contender("BitArray", words)
{
    private readonly BitArray _bits = new(words * 64);
    private readonly ulong[] _indices = new ulong[4096];
    private BitArray[] _windows = [];

    public override void Prepare(DirtyWords dirty)
    {
        int[] window = new int[Words * 2];
        _windows = new BitArray[Windows];
        for (int i = 0; i < _windows.Length; i++)
        {
            dirty.CopyTo(MemoryMarshal.Cast<int, ulong>(window.AsSpan()), i);
            _windows[i] = new BitArray(window);
        }
    }

    public override void Restore(int window) => _bits.Or(_windows[window]);

    public override long Find(int window)
    {
        BitArray bits = _bits;
        ulong[] indices = _indices;
        long found = 0;
        for (int page = 0; page < bits.Length; page++)
        {
            if (!bits[page])
                continue;
            bits[page] = false;
            indices[(int)found & (indices.Length - 1)] = (ulong)page;
            found++;
        }

        return found;
    }
}
