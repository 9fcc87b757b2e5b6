namespace RingKit.Cli.Charts;

/// <summary>How a line is told from the others: by colour, by marker (an SVG path around 0, 0, filled or white) and by dashes.</summary>
internal sealed record SeriesStyle(string Colour, string Marker, string Fill, string Dashes)
{
    // Okabe's and Ito's, which differ for all kinds of colour vision; yellow is darkened for white paper, grey and brown are added.
    private static readonly string[] Colours =
        ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9", "#E69F00", "#A89B00", "#8C8C8C", "#6B2E00"];

    private static readonly string[] Markers =
    [
        "M-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0z", "M-2.7,-2.7h5.4v5.4h-5.4z", "M0,-3.6L3.4,2.6H-3.4z", "M0,-3.8L3.8,0L0,3.8L-3.8,0z", "M0,3.6L3.4,-2.6H-3.4z",
    ];

    private static readonly string[] DashArrays = ["none", "6,2", "2,2"];

    /// <summary>The style of the n-th name; they repeat after 30.</summary>
    public static SeriesStyle Of(int n) => new(
        Colours[n % 10], Markers[n % 5], n / 5 % 2 == 0 ? Colours[n % 10] : "#ffffff", DashArrays[n % 3]);
}
