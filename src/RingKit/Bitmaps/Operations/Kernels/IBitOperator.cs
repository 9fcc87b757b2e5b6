using System.Runtime.Intrinsics;

namespace RingKit.Bitmaps.Operations.Kernels;

/// <summary>A function of two bits, on words and on each width of vector alike.</summary>
internal interface IBitOperator
{
    static abstract ulong Apply(ulong left, ulong right);

    static abstract Vector128<ulong> Apply(Vector128<ulong> left, Vector128<ulong> right);

    static abstract Vector256<ulong> Apply(Vector256<ulong> left, Vector256<ulong> right);

    static abstract Vector512<ulong> Apply(Vector512<ulong> left, Vector512<ulong> right);
}
