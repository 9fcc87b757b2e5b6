namespace RingKit.Kvm.DirtyLogging.Adaptive;

/// <summary>What a real guest's log knows at the end of a harvest.</summary>
/// <param name="Entries">What the kernel's log held since the harvest before: entries of all rings, duplicates and those of full rings included; or pages of the bitmaps.</param>
/// <param name="Slots">The guest's slots.</param>
/// <param name="SlotPages">The pages of all of them.</param>
public readonly record struct KvmFormRound(ulong Entries, int Slots, ulong SlotPages);
