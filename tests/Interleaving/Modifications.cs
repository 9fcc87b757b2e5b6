#pragma warning disable MA0048 // One line each.
namespace RingKit.Interleaving;

/// <summary>What a read-modify-write makes of the value that it read.</summary>
internal interface IModification
{
    static abstract ulong Apply(ulong value, ulong operand);
}

internal readonly struct Or : IModification
{
    public static ulong Apply(ulong value, ulong operand) => value | operand;
}

internal readonly struct AndNot : IModification
{
    public static ulong Apply(ulong value, ulong operand) => value & ~operand;
}

internal readonly struct Exchange : IModification
{
    public static ulong Apply(ulong value, ulong operand) => operand;
}

internal readonly struct Add : IModification
{
    public static ulong Apply(ulong value, ulong operand) => value + operand;
}
