using System.Text;
using System.Xml;

namespace RingKit.Cli.Charts;

/// <summary>Writes a chart as SVG: the same text for the same chart, made to be read at its own width.</summary>
internal sealed class SvgChart
{
    private const int Width = 800;
    private const int Left = 70;
    private const int Right = 22;
    private const int Above = 24;
    private const int Below = 40;
    private const int LegendLine = 18;
    private const double LetterWidth = 6.2;

    private readonly StringBuilder _text = new();
    private readonly XmlWriter _svg;
    private readonly Chart _chart;
    private readonly string[] _names;
    private readonly Dictionary<Axis, AxisScale> _scales;

    private SvgChart(Chart chart)
    {
        _svg = XmlWriter.Create(_text, new XmlWriterSettings { OmitXmlDeclaration = true, Indent = true, NewLineChars = "\n" });
        _chart = chart;
        _names = [.. chart.Panels.SelectMany(panel => panel.Series).Select(series => series.Name).Distinct(StringComparer.Ordinal)];
        _scales = chart.Panels
            .SelectMany(panel => panel.Series.SelectMany(series => series.Points).SelectMany(point => new[] { (panel.X, point.X), (panel.Y, point.Y) }))
            .GroupBy(value => value.Item1, value => value.Item2)
            .ToDictionary(group => group.Key, group => new AxisScale(group.Key, [.. group]));
    }

    /// <summary>The SVG file's text.</summary>
    /// <exception cref="ArgumentException">A panel has no series, a series no point, a text a bad character, or an axis no place for a value.</exception>
    public static string Render(Chart chart)
    {
        if (chart.Columns < 1)
            throw new ArgumentException($"A chart has 1 column or more, not {chart.Columns}.", nameof(chart));
        if (chart.Panels.Count == 0 || chart.Panels.Any(panel => panel.Series.Count == 0))
            throw new ArgumentException("There is nothing to draw: a chart needs a panel, and each panel a series.", nameof(chart));
        if (chart.Panels.SelectMany(panel => panel.Series).FirstOrDefault(series => series.Points.Count == 0) is { } empty)
            throw new ArgumentException($"The series '{empty.Name}' has no points.", nameof(chart));
        var writer = new SvgChart(chart);
        writer.Write();
        return writer._text.Append('\n').ToString();
    }

    private void Write()
    {
        double entry = 40 + (_names.Max(name => name.Length) * LetterWidth);
        int entries = Math.Max(1, (int)((Width - 20) / entry));
        double legend = _chart.Subtitle.Length == 0 ? 42 : 58;
        double top = legend + (((_names.Length - 1) / entries) * LegendLine) + 14;
        double panelWidth = (double)Width / _chart.Columns;
        double panelHeight = (Math.Min(panelWidth, 520) * 0.72) + Above;
        string height = Number(top + ((((_chart.Panels.Count - 1) / _chart.Columns) + 1) * panelHeight) + 8);

        _svg.WriteStartElement("svg", "http://www.w3.org/2000/svg");
        Attributes(("width", Number(Width)), ("height", height), ("viewBox", $"0 0 {Width} {height}"), ("font-family", "sans-serif"), ("font-size", "11"));
        Element("rect", "", ("width", "100%"), ("height", "100%"), ("fill", "#ffffff"));
        Text(_chart.Title, 12, 22, ("font-size", "16"), ("font-weight", "bold"));
        Text(_chart.Subtitle, 12, 40, ("fill", "#555555"));
        for (int i = 0; i < _names.Length; i++)
        {
            (double x, double y) = (14 + (i % entries * entry), legend + (i / entries * LegendLine));
            Line(SeriesStyle.Of(i), [(x, y), (x + 13, y), (x + 26, y)], [(x + 13, y)]);
            Text(_names[i], x + 31, y + 4);
        }

        for (int i = 0; i < _chart.Panels.Count; i++)
        {
            (double x, double y) = ((i % _chart.Columns * panelWidth) + Left, top + (i / _chart.Columns * panelHeight) + Above);
            WritePanel(i, x, y, panelWidth - Left - Right, panelHeight - Above - Below);
        }

        _svg.WriteEndElement();
        _svg.Flush();
    }

    private void WritePanel(int index, double left, double top, double width, double height)
    {
        Panel panel = _chart.Panels[index];
        (AxisScale scaleX, AxisScale scaleY) = (_scales[panel.X], _scales[panel.Y]);
        double AtX(double value) => left + (value * width);
        double AtY(double value) => top + ((1 - value) * height);

        Text(panel.Title, left, top - 7, ("font-weight", "bold"));
        double widest = LetterWidth * (1 + scaleX.Ticks(double.MaxValue).Max(tick => tick.Label.Length));
        foreach (var (position, label) in scaleX.Ticks(width / widest))
        {
            Element("path", "", ("d", $"M{Number(AtX(position))},{Number(top)}v{Number(height)}"), ("stroke", "#dddddd"));
            Text(label, AtX(position), top + height + 14, ("text-anchor", "middle"));
        }

        foreach (var (position, label) in scaleY.Ticks(height / 15))
        {
            Element("path", "", ("d", $"M{Number(left)},{Number(AtY(position))}h{Number(width)}"), ("stroke", "#dddddd"));
            Text(label, left - 5, AtY(position) + 4, ("text-anchor", "end"));
        }

        if (index + _chart.Columns >= _chart.Panels.Count || _chart.Panels[index + _chart.Columns].X != panel.X)
            Text(panel.X.Title, AtX(0.5), top + height + 29, ("text-anchor", "middle"));
        if (index % _chart.Columns == 0 || _chart.Panels[index - 1].Y != panel.Y)
            Text(panel.Y.Title, 0, 0, ("text-anchor", "middle"), ("transform", $"translate({Number(left - Left + 13)} {Number(AtY(0.5))}) rotate(-90)"));
        foreach (Series series in panel.Series)
        {
            // A zero on a logarithmic axis is infinitely far away: it has a marker, and no line leads there.
            (double, double) At((double X, double Y) point) => (AtX(scaleX.PositionOf(point.X)), AtY(scaleY.PositionOf(point.Y)));
            var joined = series.Points.Where(point => !(scaleX.HasZero && point.X == 0) && !(scaleY.HasZero && point.Y == 0));
            Line(SeriesStyle.Of(Array.IndexOf(_names, series.Name)), [.. joined.Select(At)], [.. series.Points.Select(At)]);
        }
    }

    private void Line(SeriesStyle style, (double X, double Y)[] path, (double X, double Y)[] markers)
    {
        string points = string.Join(' ', path.Select(point => $"{Number(point.X)},{Number(point.Y)}"));
        Element("polyline", "", ("points", points), ("fill", "none"), ("stroke", style.Colour), ("stroke-width", "1.4"), ("stroke-dasharray", style.Dashes));
        foreach (var (x, y) in markers)
            Element("path", "", ("d", style.Marker), ("transform", $"translate({Number(x)} {Number(y)})"), ("fill", style.Fill), ("stroke", style.Colour));
    }

    private void Text(string text, double x, double y, params (string, string)[] attributes)
    {
        if (text.Length != 0)
            Element("text", text, [("x", Number(x)), ("y", Number(y)), .. attributes]);
    }

    private void Element(string name, string text, params (string, string)[] attributes)
    {
        _svg.WriteStartElement(name);
        Attributes(attributes);
        _svg.WriteString(text);
        _svg.WriteEndElement();
    }

    private void Attributes(params (string Name, string Value)[] attributes) =>
        Array.ForEach(attributes, attribute => _svg.WriteAttributeString(attribute.Name, attribute.Value));

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
