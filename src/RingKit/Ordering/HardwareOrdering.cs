using System.Runtime.CompilerServices;

namespace RingKit.Ordering;

/// <summary>The memory order of the processor that the program runs on. The only file that names the runtime's own primitives.</summary>
/// <remarks>
/// On x64 an acquire load and a release store are plain <c>mov</c>s, on arm64 <c>ldar</c> and <c>stlr</c>. The atomic read-modify-writes are
/// full fences, stronger than their names: .NET has no weaker ones. docs/ordering.md shows the code that the JIT makes of them.
/// </remarks>
public readonly struct HardwareOrdering : IOrdering
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint LoadAcquire(ref readonly uint location, string file = "", int line = 0) => Volatile.Read(in location);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong LoadAcquire(ref readonly ulong location, string file = "", int line = 0) => Volatile.Read(in location);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint LoadRelaxed(ref readonly uint location, string file = "", int line = 0) => location;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong LoadRelaxed(ref readonly ulong location, string file = "", int line = 0) => location;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRelease(ref uint location, uint value, string file = "", int line = 0) => Volatile.Write(ref location, value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRelease(ref ulong location, ulong value, string file = "", int line = 0) => Volatile.Write(ref location, value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRelaxed(ref uint location, uint value, string file = "", int line = 0) => location = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRelaxed(ref ulong location, ulong value, string file = "", int line = 0) => location = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OrRelease(ref ulong location, ulong bits, string file = "", int line = 0) => Interlocked.Or(ref location, bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OrRelaxed(ref ulong location, ulong bits, string file = "", int line = 0) => Interlocked.Or(ref location, bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AndNotRelaxed(ref ulong location, ulong bits, string file = "", int line = 0) => Interlocked.And(ref location, ~bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong FetchOrRelease(ref ulong location, ulong bits, string file = "", int line = 0) => Interlocked.Or(ref location, bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong FetchAndNotAcquire(ref ulong location, ulong bits, string file = "", int line = 0) =>
        Interlocked.And(ref location, ~bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ExchangeAcquire(ref ulong location, ulong value, string file = "", int line = 0) =>
        Interlocked.Exchange(ref location, value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong FetchOrAcquireRelease(ref ulong location, ulong bits, string file = "", int line = 0) =>
        Interlocked.Or(ref location, bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong FetchAndNotAcquireRelease(ref ulong location, ulong bits, string file = "", int line = 0) =>
        Interlocked.And(ref location, ~bits);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ExchangeAcquireRelease(ref ulong location, ulong value, string file = "", int line = 0) =>
        Interlocked.Exchange(ref location, value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong CompareExchangeAcquireRelease(ref ulong location, ulong value, ulong comparand, string file = "", int line = 0) =>
        Interlocked.CompareExchange(ref location, value, comparand);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong CompareExchangeAcquire(ref ulong location, ulong value, ulong comparand, string file = "", int line = 0) =>
        Interlocked.CompareExchange(ref location, value, comparand);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong CompareExchangeRelease(ref ulong location, ulong value, ulong comparand, string file = "", int line = 0) =>
        Interlocked.CompareExchange(ref location, value, comparand);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong CompareExchangeRelaxed(ref ulong location, ulong value, ulong comparand, string file = "", int line = 0) =>
        Interlocked.CompareExchange(ref location, value, comparand);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte LoadAcquire(ref readonly byte location, string file = "", int line = 0) => Volatile.Read(in location);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte LoadRelaxed(ref readonly byte location, string file = "", int line = 0) => location;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRelease(ref byte location, byte value, string file = "", int line = 0) => Volatile.Write(ref location, value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRelaxed(ref byte location, byte value, string file = "", int line = 0) => location = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte ExchangeRelease(ref byte location, byte value, string file = "", int line = 0) =>
        Interlocked.Exchange(ref location, value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ReadPlain<T>(ref readonly T location, string file = "", int line = 0)
        where T : unmanaged => location;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ReadTentative<T>(ref readonly T location, string file = "", int line = 0)
        where T : unmanaged => location;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WritePlain<T>(ref T location, T value, string file = "", int line = 0)
        where T : unmanaged => location = value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FullFence(string file = "", int line = 0) => Interlocked.MemoryBarrier();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ProcessWideFence(string file = "", int line = 0) => Interlocked.MemoryBarrierProcessWide();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pause(string file = "", int line = 0) => Thread.SpinWait(1);
}
