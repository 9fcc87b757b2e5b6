using System.Runtime.InteropServices;
using RingKit.Memory;

namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>The words that vCPUs and the harvester of an adaptive log share, each on a line of its own.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2 * CacheLine.Separation)]
internal struct AdaptiveControl
{
    /// <summary>The <see cref="DirtyLogForm"/> in which vCPUs record. Written by the harvester.</summary>
    [FieldOffset(0)]
    public ulong Form;

    /// <summary>1 if pages may be in the summary bitmap although the form is another one; raised by whoever marks them there, lowered by the harvester.</summary>
    [FieldOffset(CacheLine.Separation)]
    public ulong Overflowed;
}
