using RingKit.Bitmaps;

namespace RingKit.Properties.Bitmaps;

/// <summary>The contract of marking under <see cref="AlwaysOr"/>.</summary>
public sealed class AlwaysOrContract : MarkingContract<AlwaysOr>;
