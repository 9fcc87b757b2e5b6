using RingKit.Interleaving;
using RingKit.Memory;
using RingKit.Rings;
using static System.FormattableString;

namespace RingKit.Properties.Rings;

/// <summary>Names a ring's words in the explorer's traces.</summary>
internal static class RingNames
{
    public static unsafe void Name(NativeBlock<byte> memory, RingShape shape)
    {
        byte* header = memory.View.DangerousPointer;
        Explorer.Name(ref *(ulong*)(header + SharedRingLayout.TailOffset), "tail");
        Explorer.Name(ref *(ulong*)(header + SharedRingLayout.HeadOffset), "head");
        Explorer.Name(ref *(ulong*)(header + SharedRingLayout.KnownHeadOffset), "known head");
        for (uint i = 0; i < shape.Cursors; i++)
            Explorer.Name(ref *(ulong*)(header + SharedRingLayout.CursorsOffset + (i * SharedRingLayout.Alignment)), Invariant($"cursor[{i}]"));

        byte* items = header + SharedRingLayout.ItemsOffset(shape.Kind, shape.Capacity, shape.Cursors);
        for (uint i = 0; i < shape.Capacity; i++)
        {
            Explorer.Name(ref *(ulong*)(items + (i * sizeof(ulong))), Invariant($"item[{i}]"));
            if (shape.Kind == SharedRingLayout.KindMpsc)
                Explorer.Name(ref *(uint*)(header + SharedRingLayout.StampsOffset(shape.Cursors) + (i * sizeof(uint))), Invariant($"stamp[{i}]"));
        }
    }
}
