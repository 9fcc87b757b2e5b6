using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Bitmaps.Operations.Kernels;

/// <summary>Combines the words of two bitmaps into a third, which may be one of them. The last loop is the definition.</summary>
internal static class LogicKernel
{
    // Two vectors a turn halve the loop's own work; from L2 on, memory is the limit in any case.
    public static void Combine<TOperator>(ref readonly ulong left, ref readonly ulong right, ref ulong destination, nuint length)
        where TOperator : struct, IBitOperator
    {
        nuint i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i + 16 <= length; i += 16)
            {
                TOperator.Apply(Vector512.LoadUnsafe(in left, i), Vector512.LoadUnsafe(in right, i)).StoreUnsafe(ref destination, i);
                TOperator.Apply(Vector512.LoadUnsafe(in left, i + 8), Vector512.LoadUnsafe(in right, i + 8)).StoreUnsafe(ref destination, i + 8);
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (; i + 8 <= length; i += 8)
            {
                TOperator.Apply(Vector256.LoadUnsafe(in left, i), Vector256.LoadUnsafe(in right, i)).StoreUnsafe(ref destination, i);
                TOperator.Apply(Vector256.LoadUnsafe(in left, i + 4), Vector256.LoadUnsafe(in right, i + 4)).StoreUnsafe(ref destination, i + 4);
            }
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            for (; i + 4 <= length; i += 4)
            {
                TOperator.Apply(Vector128.LoadUnsafe(in left, i), Vector128.LoadUnsafe(in right, i)).StoreUnsafe(ref destination, i);
                TOperator.Apply(Vector128.LoadUnsafe(in left, i + 2), Vector128.LoadUnsafe(in right, i + 2)).StoreUnsafe(ref destination, i + 2);
            }
        }

        for (; i < length; i++)
        {
            Unsafe.Add(ref destination, i) =
                TOperator.Apply(Unsafe.Add(ref Unsafe.AsRef(in left), i), Unsafe.Add(ref Unsafe.AsRef(in right), i));
        }
    }
}
