using System.Runtime.Intrinsics;

namespace RingKit.Bitmaps.Operations.Kernels;

/// <summary>The functions that bitmaps are combined by.</summary>
internal static class BitOperators
{
    internal readonly struct And : IBitOperator
    {
        public static ulong Apply(ulong left, ulong right) => left & right;

        public static Vector128<ulong> Apply(Vector128<ulong> left, Vector128<ulong> right) => left & right;

        public static Vector256<ulong> Apply(Vector256<ulong> left, Vector256<ulong> right) => left & right;

        public static Vector512<ulong> Apply(Vector512<ulong> left, Vector512<ulong> right) => left & right;
    }

    internal readonly struct Or : IBitOperator
    {
        public static ulong Apply(ulong left, ulong right) => left | right;

        public static Vector128<ulong> Apply(Vector128<ulong> left, Vector128<ulong> right) => left | right;

        public static Vector256<ulong> Apply(Vector256<ulong> left, Vector256<ulong> right) => left | right;

        public static Vector512<ulong> Apply(Vector512<ulong> left, Vector512<ulong> right) => left | right;
    }

    internal readonly struct Xor : IBitOperator
    {
        public static ulong Apply(ulong left, ulong right) => left ^ right;

        public static Vector128<ulong> Apply(Vector128<ulong> left, Vector128<ulong> right) => left ^ right;

        public static Vector256<ulong> Apply(Vector256<ulong> left, Vector256<ulong> right) => left ^ right;

        public static Vector512<ulong> Apply(Vector512<ulong> left, Vector512<ulong> right) => left ^ right;
    }

    internal readonly struct AndNot : IBitOperator
    {
        public static ulong Apply(ulong left, ulong right) => left & ~right;

        public static Vector128<ulong> Apply(Vector128<ulong> left, Vector128<ulong> right) => left & ~right;

        public static Vector256<ulong> Apply(Vector256<ulong> left, Vector256<ulong> right) => left & ~right;

        public static Vector512<ulong> Apply(Vector512<ulong> left, Vector512<ulong> right) => left & ~right;
    }

    /// <summary>Of the left bit alone: the right one is not looked at.</summary>
    internal readonly struct Not : IBitOperator
    {
        public static ulong Apply(ulong left, ulong right) => ~left;

        public static Vector128<ulong> Apply(Vector128<ulong> left, Vector128<ulong> right) => ~left;

        public static Vector256<ulong> Apply(Vector256<ulong> left, Vector256<ulong> right) => ~left;

        public static Vector512<ulong> Apply(Vector512<ulong> left, Vector512<ulong> right) => ~left;
    }
}
