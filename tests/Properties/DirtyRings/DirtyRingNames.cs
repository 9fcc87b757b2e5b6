using RingKit.DirtyRings;
using RingKit.Interleaving;
using RingKit.Memory;

namespace RingKit.Properties.DirtyRings;

/// <summary>What a trace calls the words of a slot-published ring.</summary>
internal static class DirtyRingNames
{
    /// <summary>Names them, with something in front where there are several rings.</summary>
    public static void Name(DirtyRingCore<ModelOrdering> ring, NativeBlock<DirtyGfn> entries, string prefix = "")
    {
        Explorer.Name(ref ring.Control.DirtyIndex, $"{prefix}DirtyIndex");
        Explorer.Name(ref ring.Control.ResetIndex, $"{prefix}ResetIndex");
        for (uint i = 0; i < ring.Capacity; i++)
        {
            Explorer.Name(ref entries[i].Flags, $"{prefix}flags[{i}]");
            Explorer.Name(ref entries[i].Slot, $"{prefix}slot[{i}]");
            Explorer.Name(ref entries[i].Offset, $"{prefix}offset[{i}]");
        }
    }
}
