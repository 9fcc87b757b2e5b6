namespace RingKit.Properties.Bitmaps.Phases;

/// <summary>One step of a thread of a two-phase program.</summary>
/// <param name="Action">What it does.</param>
/// <param name="Page">Marks and clears: the page.</param>
internal readonly record struct PhaseOperation(PhaseAction Action, int Page = 0)
{
    public static PhaseOperation Mark(int page) => new(PhaseAction.Mark, page);

    public static PhaseOperation Clear(int page) => new(PhaseAction.Clear, page);

    public static PhaseOperation Send => new(PhaseAction.Send);

    public static PhaseOperation SendOne => new(PhaseAction.SendOne);

    public static PhaseOperation SendInVain => new(PhaseAction.SendInVain);

    public static PhaseOperation Take => new(PhaseAction.Take);

    public static PhaseOperation PutBack => new(PhaseAction.PutBack);

    public static PhaseOperation Read => new(PhaseAction.Read);

    public static PhaseOperation HarvestOne => new(PhaseAction.HarvestOne);

    public override string ToString() => Action is PhaseAction.Mark or PhaseAction.Clear ? $"{Action} {Page}" : $"{Action}";
}
