using System.Runtime.CompilerServices;

namespace RingKit.Ordering;

/// <summary>
/// Every access to memory that two threads share, with the order that it needs in its name.
/// </summary>
/// <remarks>
/// An algorithm takes <c>TOrdering : struct, IOrdering</c> and names no <c>Volatile</c> or <c>Interlocked</c> itself. Public types fix
/// <see cref="HardwareOrdering"/>, which the JIT specialises to single instructions; tests put a model of weak memory in its place.
/// Each call carries its file and line, so that a test can weaken one site at a time; on hardware both are unused constants.
/// <para>
/// The model is release/acquire in the sense of C++11: a release store that an acquire load reads from orders everything before
/// the one before everything after the other. Relaxed accesses are atomic and ordered with nothing. Plain accesses are payload: they
/// must be ordered by something else, and two unordered ones to the same place, one of them a write, are a bug. The edges that RingKit
/// relies on are numbered in docs/ordering.md.
/// </para>
/// Locations must be aligned to their size.
/// </remarks>
public interface IOrdering
{
    /// <summary>Loads; nothing after it moves before it.</summary>
    static abstract uint LoadAcquire(ref readonly uint location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <inheritdoc cref="LoadAcquire(ref readonly uint, string, int)"/>
    static abstract ulong LoadAcquire(ref readonly ulong location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Loads atomically, in no order. The compiler may merge neighbouring ones: never spin on it.</summary>
    static abstract uint LoadRelaxed(ref readonly uint location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <inheritdoc cref="LoadRelaxed(ref readonly uint, string, int)"/>
    static abstract ulong LoadRelaxed(ref readonly ulong location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Stores; nothing before it moves after it.</summary>
    static abstract void StoreRelease(ref uint location, uint value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <inheritdoc cref="StoreRelease(ref uint, uint, string, int)"/>
    static abstract void StoreRelease(ref ulong location, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Stores atomically, in no order.</summary>
    static abstract void StoreRelaxed(ref uint location, uint value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <inheritdoc cref="StoreRelaxed(ref uint, uint, string, int)"/>
    static abstract void StoreRelaxed(ref ulong location, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Sets bits in one atomic step; nothing before it moves after it.</summary>
    static abstract void OrRelease(ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Sets bits in one atomic step, in no order.</summary>
    static abstract void OrRelaxed(ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Clears bits in one atomic step, in no order.</summary>
    static abstract void AndNotRelaxed(ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Sets bits in one atomic step and returns the value before; nothing before it moves after it.</summary>
    static abstract ulong FetchOrRelease(ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Clears bits in one atomic step and returns the value before; nothing after it moves before it.</summary>
    static abstract ulong FetchAndNotAcquire(ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Stores in one atomic step and returns the value before; nothing after it moves before it.</summary>
    static abstract ulong ExchangeAcquire(ref ulong location, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Sets bits in one atomic step and returns the value before; nothing before it moves after it, and nothing after it before it.</summary>
    static abstract ulong FetchOrAcquireRelease(
        ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Clears bits in one atomic step and returns the value before; nothing before it moves after it, and nothing after it before it.</summary>
    static abstract ulong FetchAndNotAcquireRelease(
        ref ulong location, ulong bits, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Stores in one atomic step and returns the value before; nothing before it moves after it, and nothing after it before it.</summary>
    static abstract ulong ExchangeAcquireRelease(
        ref ulong location, ulong value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>
    /// Replaces a value that is still what the caller saw, in one atomic step; nothing before it moves after it, and nothing after it before it.
    /// </summary>
    /// <returns>What was there: the comparand if it was replaced. A refusal orders as an acquire load does.</returns>
    static abstract ulong CompareExchangeAcquireRelease(
        ref ulong location, ulong value, ulong comparand, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Replaces a value that is still what the caller saw, in one atomic step; nothing after it moves before it.</summary>
    /// <returns>What was there: the comparand if it was replaced. A refusal orders as an acquire load does.</returns>
    static abstract ulong CompareExchangeAcquire(
        ref ulong location, ulong value, ulong comparand, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Replaces a value that is still what the caller saw, in one atomic step; nothing before it moves after it.</summary>
    /// <returns>What was there: the comparand if it was replaced. A refusal orders nothing.</returns>
    static abstract ulong CompareExchangeRelease(
        ref ulong location, ulong value, ulong comparand, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Replaces a value that is still what the caller saw, in one atomic step and in no order.</summary>
    /// <returns>What was there: the comparand if it was replaced.</returns>
    static abstract ulong CompareExchangeRelaxed(
        ref ulong location, ulong value, ulong comparand, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Loads a byte; nothing after it moves before it.</summary>
    static abstract byte LoadAcquire(ref readonly byte location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Loads a byte atomically, in no order.</summary>
    static abstract byte LoadRelaxed(ref readonly byte location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Stores a byte; nothing before it moves after it.</summary>
    /// <remarks>
    /// Stores to a byte come one after the other for all threads, as on every processor that .NET supports (docs/ordering.md): who acquires a
    /// byte, or stores to it and then makes a full fence, has all that was released with the stores before that one, whoever made them.
    /// </remarks>
    static abstract void StoreRelease(ref byte location, byte value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Stores a byte, in no order of its own; see <see cref="StoreRelease(ref byte, byte, string, int)"/>.</summary>
    static abstract void StoreRelaxed(ref byte location, byte value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Stores a byte in one atomic step and returns the value before; nothing before it moves after it.</summary>
    static abstract byte ExchangeRelease(ref byte location, byte value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Reads payload: memory that another edge has handed over to this thread.</summary>
    static abstract T ReadPlain<T>(ref readonly T location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : unmanaged;

    /// <summary>
    /// Reads payload that may be overwritten meanwhile: it counts if this thread's next compare-exchange replaces what it expects, and is
    /// thrown away if that one is refused.
    /// </summary>
    static abstract T ReadTentative<T>(ref readonly T location, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : unmanaged;

    /// <summary>Writes payload: memory that this thread owns until it publishes it.</summary>
    static abstract void WritePlain<T>(ref T location, T value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : unmanaged;

    /// <summary>Orders everything before it before everything after it, loads after stores included.</summary>
    static abstract void FullFence([CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>
    /// Acts as a full fence in every thread of the process, at some moment between its call and its return. It costs microseconds, so that
    /// the other threads need no fence of their own.
    /// </summary>
    static abstract void ProcessWideFence([CallerFilePath] string file = "", [CallerLineNumber] int line = 0);

    /// <summary>Tells the processor, or the explorer, that this thread waits for another one.</summary>
    static abstract void Pause([CallerFilePath] string file = "", [CallerLineNumber] int line = 0);
}
