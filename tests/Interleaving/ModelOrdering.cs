using System.Runtime.CompilerServices;
using RingKit.Ordering;

namespace RingKit.Interleaving;

/// <summary>The model of weak memory in place of the processor's: every access is a step of the execution that is being explored.</summary>
/// <remarks>
/// Thread role: the threads of a <see cref="ModelProgram"/>. Anywhere else, as in its set-up and its check, the accesses are plain ones.
/// The locations must not move: native or pinned memory. Read-modify-writes have the order that they name and no more, although on the
/// processor they are full fences.
/// </remarks>
public readonly unsafe struct ModelOrdering : IOrdering
{
    /// <inheritdoc/>
    public static uint LoadAcquire(ref readonly uint location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        IsModelled(out LogicalThread thread)
            ? (uint)thread.Execution.Load(thread, AddressOf(in location), 4, MemoryOrder.Acquire, file, line)
            : location;

    /// <inheritdoc/>
    public static ulong LoadAcquire(ref readonly ulong location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        IsModelled(out LogicalThread thread)
            ? thread.Execution.Load(thread, AddressOf(in location), 8, MemoryOrder.Acquire, file, line)
            : location;

    /// <inheritdoc/>
    public static uint LoadRelaxed(ref readonly uint location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        IsModelled(out LogicalThread thread)
            ? (uint)thread.Execution.Load(thread, AddressOf(in location), 4, MemoryOrder.Relaxed, file, line)
            : location;

    /// <inheritdoc/>
    public static ulong LoadRelaxed(ref readonly ulong location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        IsModelled(out LogicalThread thread)
            ? thread.Execution.Load(thread, AddressOf(in location), 8, MemoryOrder.Relaxed, file, line)
            : location;

    /// <inheritdoc/>
    public static void StoreRelease(ref uint location, uint value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (IsModelled(out LogicalThread thread))
            thread.Execution.Store(thread, AddressOf(in location), 4, value, MemoryOrder.Release, file, line);
        else
            location = value;
    }

    /// <inheritdoc/>
    public static void StoreRelease(ref ulong location, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (IsModelled(out LogicalThread thread))
            thread.Execution.Store(thread, AddressOf(in location), 8, value, MemoryOrder.Release, file, line);
        else
            location = value;
    }

    /// <inheritdoc/>
    public static void StoreRelaxed(ref uint location, uint value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (IsModelled(out LogicalThread thread))
            thread.Execution.Store(thread, AddressOf(in location), 4, value, MemoryOrder.Relaxed, file, line);
        else
            location = value;
    }

    /// <inheritdoc/>
    public static void StoreRelaxed(ref ulong location, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (IsModelled(out LogicalThread thread))
            thread.Execution.Store(thread, AddressOf(in location), 8, value, MemoryOrder.Relaxed, file, line);
        else
            location = value;
    }

    /// <inheritdoc/>
    public static void OrRelease(ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Modify<Or>(ref location, bits, MemoryOrder.Release, file, line);

    /// <inheritdoc/>
    public static void OrRelaxed(ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Modify<Or>(ref location, bits, MemoryOrder.Relaxed, file, line);

    /// <inheritdoc/>
    public static void AndNotRelaxed(ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Modify<AndNot>(ref location, bits, MemoryOrder.Relaxed, file, line);

    /// <inheritdoc/>
    public static ulong FetchOrRelease(
        ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Modify<Or>(ref location, bits, MemoryOrder.Release, file, line);

    /// <inheritdoc/>
    public static ulong FetchAndNotAcquire(
        ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Modify<AndNot>(ref location, bits, MemoryOrder.Acquire, file, line);

    /// <inheritdoc/>
    public static ulong ExchangeAcquire(
        ref ulong location, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Modify<Exchange>(ref location, value, MemoryOrder.Acquire, file, line);

    /// <inheritdoc/>
    public static ulong FetchOrAcquireRelease(
        ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Modify<Or>(ref location, bits, MemoryOrder.AcquireRelease, file, line);

    /// <inheritdoc/>
    public static ulong FetchAndNotAcquireRelease(
        ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Modify<AndNot>(ref location, bits, MemoryOrder.AcquireRelease, file, line);

    /// <inheritdoc/>
    public static ulong ExchangeAcquireRelease(
        ref ulong location, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Modify<Exchange>(ref location, value, MemoryOrder.AcquireRelease, file, line);

    /// <inheritdoc/>
    public static ulong CompareExchangeAcquireRelease(
        ref ulong location, ulong value, ulong comparand, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        CompareExchange(ref location, value, comparand, MemoryOrder.AcquireRelease, file, line);

    /// <inheritdoc/>
    public static ulong CompareExchangeAcquire(
        ref ulong location, ulong value, ulong comparand, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        CompareExchange(ref location, value, comparand, MemoryOrder.Acquire, file, line);

    /// <inheritdoc/>
    public static ulong CompareExchangeRelease(
        ref ulong location, ulong value, ulong comparand, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        CompareExchange(ref location, value, comparand, MemoryOrder.Release, file, line);

    /// <inheritdoc/>
    public static ulong CompareExchangeRelaxed(
        ref ulong location, ulong value, ulong comparand, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        CompareExchange(ref location, value, comparand, MemoryOrder.Relaxed, file, line);

    /// <inheritdoc/>
    public static byte LoadAcquire(ref readonly byte location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        IsModelled(out LogicalThread thread)
            ? (byte)thread.Execution.Load(thread, AddressOf(in location), 1, MemoryOrder.Acquire, file, line)
            : location;

    /// <inheritdoc/>
    public static byte LoadRelaxed(ref readonly byte location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        IsModelled(out LogicalThread thread)
            ? (byte)thread.Execution.Load(thread, AddressOf(in location), 1, MemoryOrder.Relaxed, file, line)
            : location;

    // Every store to a byte is an exchange here. Alone among stores these have one order for all threads, in which releases add up: see README.md.

    /// <inheritdoc/>
    public static void StoreRelease(ref byte location, byte value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Exchange(ref location, value, MemoryOrder.Release, file, line);

    /// <inheritdoc/>
    public static void StoreRelaxed(ref byte location, byte value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Exchange(ref location, value, MemoryOrder.Relaxed, file, line);

    /// <inheritdoc/>
    public static byte ExchangeRelease(ref byte location, byte value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Exchange(ref location, value, MemoryOrder.Release, file, line);

    /// <inheritdoc/>
    public static T ReadPlain<T>(ref readonly T location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : unmanaged
    {
        if (IsModelled(out LogicalThread thread))
            thread.Execution.PlainRead(thread, (nuint)Unsafe.AsPointer(ref Unsafe.AsRef(in location)), sizeof(T), file, line);
        return location;
    }

    /// <inheritdoc/>
    public static T ReadTentative<T>(ref readonly T location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : unmanaged
    {
        if (IsModelled(out LogicalThread thread))
            thread.Execution.TentativeRead(thread, (nuint)Unsafe.AsPointer(ref Unsafe.AsRef(in location)), sizeof(T), file, line);
        return location;
    }

    /// <inheritdoc/>
    public static void WritePlain<T>(ref T location, T value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : unmanaged
    {
        if (IsModelled(out LogicalThread thread))
        {
            ulong bits = 0;
            Unsafe.CopyBlock(&bits, &value, (uint)Math.Min(sizeof(T), sizeof(ulong)));
            thread.Execution.PlainWrite(thread, (nuint)Unsafe.AsPointer(ref location), sizeof(T), bits, file, line);
        }

        location = value;
    }

    /// <inheritdoc/>
    public static void FullFence([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (IsModelled(out LogicalThread thread))
            thread.Execution.Fence(thread, file, line);
    }

    /// <inheritdoc/>
    public static void ProcessWideFence([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (IsModelled(out LogicalThread thread))
            thread.Execution.ProcessWideFence(thread, file, line);
    }

    /// <inheritdoc/>
    public static void Pause([CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (IsModelled(out LogicalThread thread))
            thread.Execution.Pause(thread, file, line);
    }

    private static ulong Modify<TOperation>(ref ulong location, ulong operand, MemoryOrder order, string file, int line)
        where TOperation : struct, IModification
    {
        if (IsModelled(out LogicalThread thread))
            return thread.Execution.ReadModifyWrite<TOperation>(thread, AddressOf(in location), 8, operand, order, file, line);

        ulong value = location;
        location = TOperation.Apply(value, operand);
        return value;
    }

    private static byte Exchange(ref byte location, byte value, MemoryOrder order, string file, int line)
    {
        if (IsModelled(out LogicalThread thread))
            return (byte)thread.Execution.ReadModifyWrite<Exchange>(thread, AddressOf(in location), 1, value, order, file, line);

        byte found = location;
        location = value;
        return found;
    }

    private static ulong CompareExchange(ref ulong location, ulong value, ulong comparand, MemoryOrder order, string file, int line)
    {
        if (IsModelled(out LogicalThread thread))
            return thread.Execution.CompareExchange(thread, AddressOf(in location), 8, value, comparand, order, file, line);

        ulong found = location;
        if (found == comparand)
            location = value;
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsModelled(out LogicalThread thread)
    {
        thread = LogicalThread.Current!;
        return thread is not null && !thread.Execution.IsStopping;
    }

    private static nuint AddressOf(ref readonly byte location) => (nuint)Unsafe.AsPointer(ref Unsafe.AsRef(in location));

    private static nuint AddressOf(ref readonly uint location) => (nuint)Unsafe.AsPointer(ref Unsafe.AsRef(in location));

    private static nuint AddressOf(ref readonly ulong location) => (nuint)Unsafe.AsPointer(ref Unsafe.AsRef(in location));
}
