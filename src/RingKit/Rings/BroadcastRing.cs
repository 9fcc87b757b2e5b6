namespace RingKit.Rings;

/// <summary>To come.</summary>
public sealed class BroadcastRing<T>;
