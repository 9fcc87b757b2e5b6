namespace RingKit.Cli.Harvest.Patterns;

/// <summary>How much of a guest is dirty: a part of its pages, a number of them, or what so many stores of a trace leave.</summary>
internal readonly record struct DirtyAmount
{
    private readonly decimal? _percent;
    private readonly ulong _pages;
    private readonly int _stores;

    private DirtyAmount(decimal? percent, ulong pages, int stores = 0)
    {
        _percent = percent;
        _pages = pages;
        _stores = stores;
    }

    /// <summary>A part of the pages.</summary>
    /// <param name="percent">From 0 to 100.</param>
    public static DirtyAmount OfPercent(decimal percent) => new(percent, 0);

    /// <summary>A number of pages.</summary>
    public static DirtyAmount OfPages(ulong pages) => new(null, pages);

    /// <summary>What a trace stores to between two harvests. How many pages that is, the trace says.</summary>
    /// <param name="stores">At least 1.</param>
    public static DirtyAmount OfStores(int stores) => new(null, 0, stores);

    /// <summary>Of a trace, the stores between two harvests; else 0.</summary>
    public int Stores => _stores;

    /// <summary>Reads 0.01% or 1000.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out DirtyAmount amount)
    {
        if (!text.EndsWith("%"))
        {
            bool isNumber = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong pages);
            amount = OfPages(pages);
            return isNumber;
        }

        bool isPart = decimal.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal percent) && percent <= 100;
        amount = OfPercent(percent);
        return isPart;
    }

    /// <summary>How many pages that is: of a part that is not 0, at least one.</summary>
    /// <param name="total">The guest's pages.</param>
    /// <returns>Null if the guest does not have so many.</returns>
    public ulong? PagesOf(ulong total)
    {
        if (_percent is not { } percent)
            return _pages <= total ? _pages : null;
        ulong pages = (ulong)Math.Round(percent / 100 * total, MidpointRounding.AwayFromZero);
        return percent > 0 ? Math.Max(pages, 1) : 0;
    }

    public override string ToString()
    {
        if (_stores != 0)
            return _stores == 1 ? "1 store" : string.Create(CultureInfo.InvariantCulture, $"{_stores} stores");
        return _percent is { } percent
            ? percent == 0 ? "0" : $"{percent.ToString("0.#############################", CultureInfo.InvariantCulture)}%"
            : _pages.ToString(CultureInfo.InvariantCulture);
    }
}
