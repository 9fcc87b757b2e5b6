using System.Numerics;
using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps;

/// <summary>How many bytes one bit of a bitmap stands for: a power of two from 1 B to 2 MiB.</summary>
/// <remarks>The bitmap calls its bits pages, whatever their granule.</remarks>
public readonly record struct Granule
{
    /// <summary>2 MiB.</summary>
    public const uint MaximumBytes = 1u << 21;

    /// <summary>A granule of so many bytes.</summary>
    /// <param name="bytes">A power of two from 1 to <see cref="MaximumBytes"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none of these.</exception>
    public Granule(uint bytes)
    {
        if (!BitOperations.IsPow2(bytes) || bytes > MaximumBytes)
            throw new ArgumentOutOfRangeException(nameof(bytes), bytes, $"A granule is a power of two from 1 to {MaximumBytes} bytes.");
        Shift = BitOperations.Log2(bytes);
    }

    /// <summary>4 KiB.</summary>
    public static Granule Page => new(4096);

    /// <summary>From 0 to 21: byte address &gt;&gt; shift is the page.</summary>
    public int Shift { get; }

    /// <summary>1 &lt;&lt; <see cref="Shift"/>.</summary>
    public uint Bytes => 1u << Shift;

    /// <summary>The page that holds a byte.</summary>
    /// <param name="address">The byte's address, from 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong PageOf(ulong address) => address >> Shift;

    /// <summary>How many pages hold so many bytes, the last of them perhaps in part.</summary>
    /// <param name="bytes">From 0.</param>
    public ulong PagesFor(ulong bytes) => (bytes >> Shift) + ((bytes & (Bytes - 1)) != 0 ? 1u : 0u);

    /// <summary>The pages that a range of bytes touches.</summary>
    /// <param name="address">The first byte's address, from 0.</param>
    /// <param name="length">How many bytes; 0 touches no page.</param>
    /// <returns>The first page, and how many.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range would end beyond 2^64.</exception>
    public (ulong First, ulong Count) PagesOf(ulong address, ulong length)
    {
        if (length == 0)
            return (address >> Shift, 0);
        if (length - 1 > ulong.MaxValue - address)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"From {address} on there are {0 - address} bytes below 2^64.");
        return (address >> Shift, ((address + length - 1) >> Shift) - (address >> Shift) + 1);
    }
}
