namespace RingKit.Cli.Charts;

/// <summary>Where values lie on an axis, from 0 to 1, and which places are labelled. A linear axis always has its 0.</summary>
internal sealed class AxisScale
{
    /// <summary>Where the lines begin if the axis has a place for zeros, which lie at <see cref="ZeroPosition"/>.</summary>
    private const double ZeroShare = 0.22;
    private const double ZeroPosition = 0.04;
    private const double Largest = 1e300;
    private const int Divisions = 5;

    private readonly double _low; // Exponents of 10 on a logarithmic axis.
    private readonly double _high;
    private readonly double _step;

    public AxisScale(Axis axis, IReadOnlyCollection<double> values)
    {
        IsLogarithmic = axis.IsLogarithmic;
        if (values.FirstOrDefault(value => !(Math.Abs(value) <= Largest)) is not 0 and var wrong)
            throw new ArgumentException($"The axis '{axis.Title}' shows no value beyond {Largest}, and not {wrong}.", nameof(values));
        if (IsLogarithmic && values.FirstOrDefault(value => value < 0) is < 0 and var negative)
            throw new ArgumentException($"The logarithmic axis '{axis.Title}' cannot show {negative}: it is less than 0.", nameof(values));

        HasZero = IsLogarithmic && values.Contains(0);
        double[] shown = [.. IsLogarithmic ? values.Where(value => value > 0).Select(Math.Log10).DefaultIfEmpty(0) : values.Append(0)];
        double low = shown.Min();
        double range = shown.Max() - low;
        range = IsLogarithmic || range > 1 / Largest ? range : 1;
        double decade = Math.Pow(10, Math.Floor(Math.Log10(range / Divisions)));
        _step = IsLogarithmic ? 1 : decade * (range / decade / Divisions) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        _low = Math.Floor((low / _step) + 1e-9) * _step;
        _high = Math.Max(Math.Ceiling(((low + range) / _step) - 1e-9) * _step, _low + _step);
    }

    public bool IsLogarithmic { get; }

    public bool HasZero { get; }

    /// <summary>The place of a value that was among those of the constructor.</summary>
    public double PositionOf(double value) =>
        HasZero && value == 0 ? ZeroPosition : Start + ((1 - Start) * ((IsLogarithmic ? Math.Log10(value) : value) - _low) / (_high - _low));

    /// <summary>The lines of the grid. Where labels would run into one another, only every second, third ... line has one.</summary>
    /// <param name="room">How many labels, the widest of them, can stand side by side.</param>
    public IEnumerable<(double Position, string Label)> Ticks(double room)
    {
        if (HasZero)
            yield return (ZeroPosition, "0");
        int count = (int)Math.Round((_high - _low) / _step);
        int stride = Math.Max(1, (int)Math.Ceiling(count / Math.Max(room * (1 - Start), 1)));
        for (int i = 0; i <= count; i++)
        {
            double at = _low + (i * _step);
            string label = (int)Math.Round(at / _step) % stride == 0 ? Label(IsLogarithmic ? Math.Pow(10, Math.Round(at)) : at) : "";
            yield return (Start + ((1 - Start) * i / count), label);
        }
    }

    private double Start => HasZero ? ZeroShare : 0;

    private static string Label(double value) =>
        value.ToString(value == 0 || Math.Abs(value) is >= 1e-5 and < 1e6 ? "#,0.#######" : "0.##e0", CultureInfo.InvariantCulture);
}
