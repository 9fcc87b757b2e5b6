using System.Collections;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>Which pages were reported in an iteration: when the log had started, while the vCPUs ran, and when they had stopped.</summary>
internal sealed class SelfTestPages
{
    /// <summary>In the first harvest after the start of the log. The kernel's bitmap 0 is this and <see cref="WhileRunning"/>.</summary>
    public BitArray AtStart { get; } = new(SelfTestMemory.PageCount);

    /// <summary>In the others until the vCPUs stopped.</summary>
    public BitArray WhileRunning { get; } = new(SelfTestMemory.PageCount);

    /// <summary>In the last one, the kernel's bitmap 1.</summary>
    public BitArray WhenStopped { get; } = new(SelfTestMemory.PageCount);

    public bool Has(int page) => AtStart[page] || HasSinceStart(page);

    public bool HasSinceStart(int page) => WhileRunning[page] || WhenStopped[page];

    public void Clear()
    {
        AtStart.SetAll(false);
        WhileRunning.SetAll(false);
        WhenStopped.SetAll(false);
    }
}
