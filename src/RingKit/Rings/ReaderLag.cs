namespace RingKit.Rings;

/// <summary>How far the slowest reader of a broadcast ring is behind.</summary>
/// <param name="Reader">Its <see cref="BroadcastReader{T}.Id"/>; -1 if there is no reader.</param>
/// <param name="Items">Published items that it has not taken.</param>
/// <param name="IsReading">Whether it holds items that it reads, so that nothing can be dropped from under it.</param>
public readonly record struct ReaderLag(int Reader, ulong Items, bool IsReading);
