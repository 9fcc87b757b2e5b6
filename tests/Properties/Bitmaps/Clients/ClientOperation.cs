namespace RingKit.Properties.Bitmaps.Clients;

/// <summary>One step of a thread of a program of several clients.</summary>
/// <param name="Action">What it does.</param>
/// <param name="Page">Marks: the page.</param>
internal readonly record struct ClientOperation(ClientAction Action, int Page = 0)
{
    public static ClientOperation Mark(int page) => new(ClientAction.Mark, page);

    public static ClientOperation Harvest => new(ClientAction.Harvest);

    public static ClientOperation Join => new(ClientAction.Join);

    public static ClientOperation JoinAllDirty => new(ClientAction.JoinAllDirty);

    public static ClientOperation Leave => new(ClientAction.Leave);

    public override string ToString() => Action == ClientAction.Mark ? $"{Action} {Page}" : $"{Action}";
}
