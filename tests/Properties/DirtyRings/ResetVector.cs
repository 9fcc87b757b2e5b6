using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings;

/// <summary>One golden case: harvested entries, and the batches into which an independent implementation coalesced them.</summary>
internal sealed record ResetVector((uint Slot, ulong Offset)[] Entries, ResetBatch[] Resets, int Count);
