namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>A thread that protects or splits for a log: does what the thread under it does, and counts.</summary>
/// <param name="thread">The thread under it.</param>
/// <param name="counts">Where it counts.</param>
/// <param name="ipa">The address of bit 0's page.</param>
/// <param name="mask">The pages that are wanted; others of those 64 are needless.</param>
internal readonly ref struct LogCountingThread<TThread>(ref TThread thread, ref Stage2LogCounts counts, ulong ipa, ulong mask) : IStage2Thread
    where TThread : struct, IStage2HostThread
{
    private readonly ref TThread _thread = ref thread;
    private readonly ref Stage2LogCounts _counts = ref counts;

    public void InvalidateIpa(ulong ipa, int level) => _thread.InvalidateIpa(ipa, level);

    public void InvalidateRange(ulong ipa, ulong size) => _thread.InvalidateRange(ipa, size);

    public void InvalidateAll() => _thread.InvalidateAll();

    public void InvalidateLocal(ulong ipa, int level) => _thread.InvalidateLocal(ipa, level);

    public void Changed(ulong at, int level, Stage2Descriptor before, Stage2Descriptor after)
    {
        _thread.Changed(at, level, before, after);
        if (before.IsValid && after.IsValid)
        {
            // A block that 64 pages touch holds the first of them or the last, so it is never needless.
            _counts.Leaves++;
            if (level == Stage2Geometry.LastLevel && (mask >> (int)((at - ipa) >> 12) & 1) == 0)
                _counts.NeedlessLeaves++;
        }
        else if (after.IsTableAt(level))
        {
            _counts.Splits++;
        }
    }

    public void TableTaken(ulong table)
    {
        _counts.Tables++;
        _thread.TableTaken(table);
    }

    public void TableFreed(ulong table) => _thread.TableFreed(table);
}
