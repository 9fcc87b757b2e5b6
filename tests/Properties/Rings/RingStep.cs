#pragma warning disable MA0048 // A step and its kind.
namespace RingKit.Properties.Rings;

/// <summary>How a thread of a ring's program moves its next items.</summary>
internal enum RingStepKind
{
    /// <summary>One by value.</summary>
    One,

    /// <summary>A span, copied.</summary>
    Batch,

    /// <summary>Claimed or peeked, and written or read where they lie.</summary>
    InPlace,

    /// <summary>Peeked, read where they lie, and left there. Not for producers.</summary>
    Look,
}

/// <summary>One step: how, and how many items at most.</summary>
internal readonly record struct RingStep(RingStepKind Kind, int Count = 1)
{
    public static RingStep One => new(RingStepKind.One);

    public static RingStep Batch(int count) => new(RingStepKind.Batch, count);

    public static RingStep InPlace(int count) => new(RingStepKind.InPlace, count);

    public static RingStep Look(int count) => new(RingStepKind.Look, count);

    public static string Show(IEnumerable<RingStep> steps) => string.Join(" ", steps);

    public override string ToString() => Kind == RingStepKind.One ? "1" : $"{(Kind switch { RingStepKind.Batch => "b", RingStepKind.InPlace => "p", _ => "l" })}{Count}";
}
