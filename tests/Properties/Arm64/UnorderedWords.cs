using RingKit.Ordering;

namespace RingKit.Properties.Arm64;

/// <summary>Orders nothing: a library that has forgotten its barriers, for the checks of the code to find.</summary>
internal readonly struct UnorderedWords : IOrdering
{
    public static uint LoadAcquire(ref readonly uint location, string file = "", int line = 0) => location;

    public static ulong LoadAcquire(ref readonly ulong location, string file = "", int line = 0) => location;

    public static uint LoadRelaxed(ref readonly uint location, string file = "", int line = 0) => location;

    public static ulong LoadRelaxed(ref readonly ulong location, string file = "", int line = 0) => location;

    public static void StoreRelease(ref uint location, uint value, string file = "", int line = 0) => location = value;

    public static void StoreRelease(ref ulong location, ulong value, string file = "", int line = 0) => location = value;

    public static void StoreRelaxed(ref uint location, uint value, string file = "", int line = 0) => location = value;

    public static void StoreRelaxed(ref ulong location, ulong value, string file = "", int line = 0) => location = value;

    public static void OrRelease(ref ulong location, ulong bits, string file = "", int line = 0) => location |= bits;

    public static void OrRelaxed(ref ulong location, ulong bits, string file = "", int line = 0) => location |= bits;

    public static void AndNotRelaxed(ref ulong location, ulong bits, string file = "", int line = 0) => location &= ~bits;

    public static ulong FetchOrRelease(ref ulong location, ulong bits, string file = "", int line = 0) => Replace(ref location, location | bits);

    public static ulong FetchOrAcquireRelease(ref ulong location, ulong bits, string file = "", int line = 0) =>
        Replace(ref location, location | bits);

    public static ulong FetchAndNotAcquireRelease(ref ulong location, ulong bits, string file = "", int line = 0) =>
        Replace(ref location, location & ~bits);

    public static ulong FetchAndNotAcquire(ref ulong location, ulong bits, string file = "", int line = 0) =>
        Replace(ref location, location & ~bits);

    public static ulong ExchangeAcquire(ref ulong location, ulong value, string file = "", int line = 0) => Replace(ref location, value);

    public static ulong ExchangeAcquireRelease(ref ulong location, ulong value, string file = "", int line = 0) => Replace(ref location, value);

    public static ulong CompareExchangeAcquireRelease(ref ulong location, ulong value, ulong comparand, string file = "", int line = 0) =>
        Replace(ref location, location == comparand ? value : location);

    public static ulong CompareExchangeAcquire(ref ulong location, ulong value, ulong comparand, string file = "", int line = 0) =>
        Replace(ref location, location == comparand ? value : location);

    public static ulong CompareExchangeRelease(ref ulong location, ulong value, ulong comparand, string file = "", int line = 0) =>
        Replace(ref location, location == comparand ? value : location);

    public static ulong CompareExchangeRelaxed(ref ulong location, ulong value, ulong comparand, string file = "", int line = 0) =>
        Replace(ref location, location == comparand ? value : location);

    public static byte LoadAcquire(ref readonly byte location, string file = "", int line = 0) => location;

    public static byte LoadRelaxed(ref readonly byte location, string file = "", int line = 0) => location;

    public static void StoreRelease(ref byte location, byte value, string file = "", int line = 0) => location = value;

    public static void StoreRelaxed(ref byte location, byte value, string file = "", int line = 0) => location = value;

    public static byte ExchangeRelease(ref byte location, byte value, string file = "", int line = 0)
    {
        byte was = location;
        location = value;
        return was;
    }

    public static T ReadPlain<T>(ref readonly T location, string file = "", int line = 0)
        where T : unmanaged => location;

    public static T ReadTentative<T>(ref readonly T location, string file = "", int line = 0)
        where T : unmanaged => location;

    public static void WritePlain<T>(ref T location, T value, string file = "", int line = 0)
        where T : unmanaged => location = value;

    public static void FullFence(string file = "", int line = 0)
    {
    }

    public static void ProcessWideFence(string file = "", int line = 0)
    {
    }

    public static void Pause(string file = "", int line = 0)
    {
    }

    private static ulong Replace(ref ulong location, ulong value)
    {
        ulong was = location;
        location = value;
        return was;
    }
}
