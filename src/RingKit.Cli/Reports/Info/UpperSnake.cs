namespace RingKit.Cli.Reports.Info;

/// <summary>Names as headers in C have them: WpAsync is WP_ASYNC there.</summary>
internal static class UpperSnake
{
    public static string Of(string name) =>
        string.Concat(name.Select((letter, i) => i > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{char.ToUpperInvariant(letter)}"));
}
