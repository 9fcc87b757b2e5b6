using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.DirtyLogging.Adaptive;

namespace RingKit.Kvm.Tests.Support;

/// <summary>Moves at the end of every harvest, through all forms.</summary>
internal sealed class RestlessRule : IKvmFormRule
{
    private static readonly KvmLogForm[] Forms = [KvmLogForm.Manual, KvmLogForm.Ring, KvmLogForm.Bitmap, KvmLogForm.InitiallySet];

    private int _next;

    public KvmLogForm Choose(KvmLogForm form, in KvmFormRound round)
    {
        _next += Forms[_next % Forms.Length] == form ? 1 : 0;
        return Forms[_next++ % Forms.Length];
    }
}
