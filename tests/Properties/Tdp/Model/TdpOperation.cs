namespace RingKit.Properties.Tdp.Model;

/// <summary>A step of a thread.</summary>
internal readonly record struct TdpOperation(TdpAction Action, int Page = 0)
{
    public static TdpOperation Harvest { get; } = new(TdpAction.Harvest);

    public static TdpOperation Start { get; } = new(TdpAction.Start);

    public static TdpOperation Stop { get; } = new(TdpAction.Stop);

    public static TdpOperation Invalidate { get; } = new(TdpAction.Invalidate);

    public bool IsAccess => Action is TdpAction.Store or TdpAction.Load;

    public static TdpOperation Store(int page) => new(TdpAction.Store, page);

    public static TdpOperation Load(int page) => new(TdpAction.Load, page);

    public override string ToString() => IsAccess ? $"{Action}({Page})" : $"{Action}";
}
