using RingKit.DirtyRings.Resetting;

namespace RingKit.DirtyRings.CopyAfterReset;

/// <summary>Passes on to another target and keeps what it has protected.</summary>
internal ref struct RecordingTarget<TTarget>(ref TTarget target, Span<ResetBatch> room) : IResetTarget
    where TTarget : struct, IResetTarget
{
    private readonly ref TTarget _target = ref target;
    private readonly Span<ResetBatch> _room = room;

    public int Count { get; private set; }

    public readonly ulong PagesIn(uint slot) => _target.PagesIn(slot);

    public void Reset(uint slot, ulong baseOffset, ulong mask)
    {
        _target.Reset(slot, baseOffset, mask);
        _room[Count++] = new ResetBatch(slot, baseOffset, mask);
    }
}
