using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RingKit.Memory;

/// <summary>
/// A pointer and a length over native memory: a <see cref="NativeBlock{T}"/>, or memory that RingKit does not own, such as another
/// process's mapping, a kernel's ring or a simulator's own table.
/// </summary>
/// <remarks>
/// Any thread may copy and use a view; it orders nothing. Structures laid over a view of a <see cref="NativeBlock{T}"/> or a
/// <see cref="SharedMapping"/> keep its memory; memory from <see cref="NativeView.DangerousCreate"/> is kept by its caller.
/// </remarks>
/// <typeparam name="T">A type without references.</typeparam>
public readonly unsafe struct NativeView<T>
    where T : unmanaged
{
    // Invariant: _pointer is aligned for T (at most 8 bytes are asked for) and _length elements behind it are readable and writable.
    private readonly T* _pointer;
    private readonly nuint _length;
    private readonly SafeHandle? _owner;

    internal NativeView(T* pointer, nuint length, SafeHandle? owner)
    {
        _pointer = pointer;
        _length = length;
        _owner = owner;
    }

    /// <summary>How many <typeparamref name="T"/> the view spans.</summary>
    public nuint Length => _length;

    /// <summary>The first element's address, for native code. It is valid while the memory behind the view is.</summary>
    public T* DangerousPointer => _pointer;

    /// <summary>One element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such element.</exception>
    public ref T this[nuint index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (index >= _length)
                ThrowIndexOutOfRange(index, _length);
            return ref _pointer[index];
        }
    }

    /// <summary>A part of the view.</summary>
    /// <param name="start">Its first element.</param>
    /// <param name="length">How many elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the view.</exception>
    public NativeView<T> Slice(nuint start, nuint length)
    {
        if (start > _length)
            throw new ArgumentOutOfRangeException(nameof(start), start, $"The view has {_length} elements.");
        if (length > _length - start)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"From {start} on the view has {_length - start} elements.");

        return new NativeView<T>(_pointer + start, length, _owner);
    }

    /// <summary>The same memory as elements of another type, as many as fit whole; its owner stays known.</summary>
    /// <typeparam name="TOther">A type without references.</typeparam>
    /// <exception cref="InvalidOperationException">The memory is misaligned for <typeparamref name="TOther"/>.</exception>
    public NativeView<TOther> Cast<TOther>()
        where TOther : unmanaged
    {
        nuint alignment = NativeView.AlignmentOf<TOther>();
        if (((nuint)_pointer & (alignment - 1)) != 0)
            throw new InvalidOperationException($"The view's address is no multiple of {alignment}, as {typeof(TOther).Name} needs.");

        return new NativeView<TOther>((TOther*)_pointer, _length * (nuint)sizeof(T) / (nuint)sizeof(TOther), _owner);
    }

    /// <summary>The view as a span. The caller keeps the memory's owner alive while it uses the span.</summary>
    /// <exception cref="InvalidOperationException">The view has more than <see cref="int.MaxValue"/> elements: take a slice.</exception>
    public Span<T> AsSpan() =>
        _length <= int.MaxValue
            ? new Span<T>(_pointer, (int)_length)
            : throw new InvalidOperationException("A span holds at most 2^31 - 1 elements; take a slice of the view first.");

    /// <summary>Keeps the memory behind the view, for a structure that is laid over it.</summary>
    /// <exception cref="ObjectDisposedException">The memory is disposed.</exception>
    public NativeLease Lease() => new(_owner);

    internal NativeHold Hold() => new(_owner);

    private static void ThrowIndexOutOfRange(nuint index, nuint length) =>
        throw new ArgumentOutOfRangeException(nameof(index), index, $"The view has {length} elements.");
}

/// <summary>Makes views over memory that RingKit does not own.</summary>
public static unsafe class NativeView
{
    /// <summary>Lays a view over memory that the caller owns and keeps valid for as long as the view, or a structure over it, is used.</summary>
    /// <param name="pointer">The first element, aligned to the smaller of 8 bytes and the size of <typeparamref name="T"/>.</param>
    /// <param name="length">How many elements; may be 0.</param>
    /// <typeparam name="T">A type without references.</typeparam>
    /// <exception cref="ArgumentNullException">The pointer is null and the length is not 0.</exception>
    /// <exception cref="ArgumentException">The pointer is misaligned.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The memory would wrap around the address space.</exception>
    public static NativeView<T> DangerousCreate<T>(void* pointer, nuint length)
        where T : unmanaged
    {
        if (pointer is null && length != 0)
            throw new ArgumentNullException(nameof(pointer));

        nuint alignment = AlignmentOf<T>();
        if (((nuint)pointer & (alignment - 1)) != 0)
            throw new ArgumentException($"The address must be a multiple of {alignment}.", nameof(pointer));

        if (length > (ulong.MaxValue - (nuint)pointer) / (ulong)sizeof(T))
            throw new ArgumentOutOfRangeException(nameof(length), length, "The memory would end beyond the address space.");

        return new NativeView<T>((T*)pointer, length, owner: null);
    }

    internal static nuint AlignmentOf<T>()
        where T : unmanaged => sizeof(T) switch { 1 => 1, 2 => 2, 3 => 1, < 8 => 4, _ => 8 };
}
