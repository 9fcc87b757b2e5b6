namespace RingKit.Mmu.Mapping;

/// <summary>A change of memory attributes that was accepted and is not made yet: what the page tables have to do first.</summary>
/// <param name="FirstGfn">The first frame that changes.</param>
/// <param name="EndGfn">The frame behind the last.</param>
/// <param name="IsPrivate">Whether the frames become private; otherwise shared.</param>
/// <param name="IsNeeded">False if every frame is so already: then there is nothing to unmap, no invalidation and nothing to make.</param>
/// <param name="InvalidatedFirst">
/// From here, and up to <paramref name="InvalidatedEnd"/>, faults must wait until the change is made: it is the range of the change, widened by
/// the large pages that it cuts and that are allowed still.
/// </param>
/// <param name="InvalidatedEnd">The frame behind the last one whose faults wait.</param>
/// <remarks>Unmapped are, from <paramref name="FirstGfn"/> on, the mappings of the other kind: the shared ones of frames that become private, and conversely.</remarks>
public readonly record struct AttributeChange(
    ulong FirstGfn,
    ulong EndGfn,
    bool IsPrivate,
    bool IsNeeded,
    ulong InvalidatedFirst,
    ulong InvalidatedEnd);
