namespace RingKit.Rings;

/// <summary>To come.</summary>
public sealed class MpscRing<T>;
