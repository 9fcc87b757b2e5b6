using RingKit.Mmu.Stage2;

namespace RingKit.Properties.Stage2;

/// <summary>A thread without TLBs that tells nobody: what several threads may share.</summary>
internal readonly struct QuietThread : IStage2Thread
{
    public void InvalidateIpa(ulong ipa, int level)
    {
    }

    public void InvalidateRange(ulong ipa, ulong size)
    {
    }

    public void InvalidateAll()
    {
    }

    public void InvalidateLocal(ulong ipa, int level)
    {
    }

    public void Changed(ulong ipa, int level, Stage2Descriptor before, Stage2Descriptor after)
    {
    }

    public void TableTaken(ulong table)
    {
    }

    public void TableFreed(ulong table)
    {
    }
}
