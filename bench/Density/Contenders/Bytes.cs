using System.Runtime.InteropServices;
using RingKit.Bench.Inputs;
using RingKit.Bitmaps.Bytes;
using RingKit.Memory;

namespace RingKit.Bench.Density.Contenders;

/// <summary><see cref="DirtyByteMap"/>, harvested into masks: eight times the memory of the bitmap for the same pages.</summary>
internal sealed class Bytes : Contender
{
    // Byte i of entry b is bit i of b.
    private static readonly ulong[] Spread =
        [.. Enumerable.Range(0, 256).Select(bits => Enumerable.Range(0, 8).Aggregate(0UL, (bytes, i) => bytes | ((ulong)bits >> i & 1) << (8 * i)))];

    private readonly NativeBlock<ulong> _bytes;
    private readonly DirtyByteMap _map;
    private readonly ulong[] _pattern = new ulong[DirtyWords.Length * 8];

    public Bytes(int words)
        : base("bytes", words)
    {
        _bytes = new NativeBlock<ulong>((nuint)words * 8, (nuint)Environment.SystemPageSize);
        _map = new DirtyByteMap(_bytes.View.Cast<byte>(), (ulong)words * 64);
    }

    public override void Prepare(DirtyWords dirty)
    {
        ReadOnlySpan<byte> bits = MemoryMarshal.AsBytes(dirty.All);
        for (int i = 0; i < bits.Length; i++)
            _pattern[i] = Spread[bits[i]];
    }

    public override void Restore(int window)
    {
        Span<ulong> bytes = _bytes.View.AsSpan();
        ReadOnlySpan<ulong> source = bytes.Length < _pattern.Length ? _pattern.AsSpan(window * bytes.Length, bytes.Length) : _pattern;
        for (; !bytes.IsEmpty; bytes = bytes[source.Length..])
            source.CopyTo(bytes);
    }

    public override long Find(int window)
    {
        var sink = default(PageCounter);
        _map.HarvestMasks(ref sink);
        return (long)sink.Pages;
    }

    protected override void Release()
    {
        _map.Dispose();
        _bytes.Dispose();
    }
}
