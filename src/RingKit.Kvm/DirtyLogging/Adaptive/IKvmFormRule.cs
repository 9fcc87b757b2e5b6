namespace RingKit.Kvm.DirtyLogging.Adaptive;

/// <summary>Chooses how the kernel is to log a real guest. Whatever it chooses, no page is lost.</summary>
public interface IKvmFormRule
{
    /// <summary>The form of the next round. Asked once a harvest, under the log's lock.</summary>
    /// <param name="form">The form of the last round.</param>
    /// <param name="round">What the last round showed.</param>
    /// <returns>The same form, or one to move to; a move that is refused is counted, and the rule asked again after the next harvest.</returns>
    KvmLogForm Choose(KvmLogForm form, in KvmFormRound round);
}
