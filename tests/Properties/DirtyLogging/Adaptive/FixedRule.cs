using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Properties.DirtyLogging.Adaptive;

/// <summary>Moves through these forms, one a harvest, round and round. One form: moves there and stays.</summary>
internal sealed class FixedRule(params DirtyLogForm[] forms) : IAdaptiveRule
{
    private int _next;

    /// <summary>Each form to each other one.</summary>
    public static DirtyLogForm[] AllMoves { get; } =
    [
        DirtyLogForm.Summary, DirtyLogForm.Ring, DirtyLogForm.Bitmap, DirtyLogForm.Summary, DirtyLogForm.Bitmap, DirtyLogForm.Ring,
    ];

    public DirtyLogForm Choose(DirtyLogForm form, in AdaptiveHistory history) => forms[_next++ % forms.Length];
}
