using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using RingKit.Cli.Charts;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class SvgChartTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Points_of_logarithmic_axes_lie_at_the_labels_of_their_values()
    {
        XElement svg = Draw(new Axis("x", isLogarithmic: true), new Axis("y", isLogarithmic: true), (0.01, 1000), (1, 10), (100, 1));
        AssertAtLabels(svg, ("0.01", "1,000"), ("1", "10"), ("100", "1"));
    }

    [Fact]
    public void Points_of_linear_axes_lie_at_the_labels_of_their_values()
    {
        XElement svg = Draw(new Axis("x"), new Axis("y"), (-20, 0.2), (0, 0), (60, 1));
        AssertAtLabels(svg, ("-20", "0.2"), ("0", "0"), ("60", "1"));
    }

    [Fact]
    public void A_zero_on_a_logarithmic_axis_lies_at_a_label_of_its_own_to_which_no_line_leads()
    {
        XElement svg = Draw(new Axis("x", isLogarithmic: true), new Axis("y"), (0, 3), (1, 2), (100, 1));
        AssertAtLabels(svg, ("0", "3"), ("1", "2"), ("100", "1"));
        double[] places = [.. Markers(svg).Select(marker => marker.X)];
        Assert.True(places[0] < places[1] && places[1] < places[2]);
        string line = (string)svg.Elements(Svg + "polyline").Last().Attribute("points")!;
        Assert.Equal(2, line.Split(' ').Length);
    }

    [Fact]
    public void Nothing_but_zeros_can_be_shown_and_so_can_one_point()
    {
        foreach (bool isLogarithmic in (bool[])[false, true])
        {
            XElement svg = Draw(new Axis("x", isLogarithmic), new Axis("y", isLogarithmic), (0, 0));
            AssertAtLabels(svg, ("0", "0"));
            Draw(new Axis("x", isLogarithmic), new Axis("y", isLogarithmic), (5, 1e-300));
            Draw(new Axis("x", isLogarithmic), new Axis("y", isLogarithmic), (double.Epsilon, 1e300));
        }
    }

    [Fact]
    public void Panels_with_the_same_axis_share_its_range_and_others_do_not()
    {
        var shared = new Axis("pages", isLogarithmic: true);
        Panel[] panels =
        [
            new("one", shared, new Axis("a"), [new Series("s", [(1, 10)])]),
            new("two", shared, new Axis("b"), [new Series("s", [(1000, 500)])]),
        ];
        XElement svg = XElement.Parse(SvgChart.Render(new Chart("t", "", panels, Columns: 2)));
        Assert.Equal(2, Labels(svg, "1,000").Length);
        Assert.Single(Labels(svg, "500"));
        Assert.Single(Labels(svg, "s"));
        Assert.Equal(2, Labels(svg, "pages").Length);
        (double X, double Y)[] markers = Markers(svg);
        Assert.True(markers[0].X < 100 && markers[1].X > 750);
    }

    [Fact]
    public void Text_is_escaped()
    {
        const string Nasty = "a<b & \"c\" ]]> 'd' \u00b5s";
        Panel panel = new(Nasty, new Axis(Nasty), new Axis(Nasty), [new Series(Nasty, [(1, 1)])]);
        string text = SvgChart.Render(new Chart(Nasty, Nasty, [panel]));
        Assert.Equal(6, Labels(XElement.Parse(text), Nasty).Length);
        Assert.DoesNotContain("a<b", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_do_not_run_into_one_another()
    {
        foreach (int columns in (int[])[1, 2, 3])
        {
            Panel panel = new("", new Axis("x", isLogarithmic: true), new Axis("y", isLogarithmic: true), [new Series("s", [(0, 1e-9), (1e-4, 1), (1e6, 1e9)])]);
            XElement svg = XElement.Parse(SvgChart.Render(new Chart("", "", [.. Enumerable.Repeat(panel, columns)], columns)));
            var labels = svg.Elements(Svg + "text").Where(text => text.Value != "x" && (string?)text.Attribute("text-anchor") == "middle" && text.Attribute("transform") is null);
            double end = double.NegativeInfinity;
            foreach (XElement label in labels.OrderBy(text => (double)text.Attribute("x")!))
            {
                double half = label.Value.Length * 6 / 2.0;
                Assert.True((double)label.Attribute("x")! - half > end, $"{label.Value} in {columns} columns");
                end = (double)label.Attribute("x")! + half;
            }

            Assert.InRange(end, 0, 800);
        }
    }

    [Fact]
    public void The_same_chart_is_the_same_text_whatever_the_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        string first = Sample();
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("de-DE") { NumberFormat = { NumberDecimalSeparator = "," } };
            Assert.Equal(first, Sample());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        static string Sample() => SvgChart.Render(new Chart("t", "u", [new("p", new Axis("x"), new Axis("y"), [new Series("s", [(0.5, 1.25), (3, 7)])])]));
    }

    [Fact]
    public void Thirty_lines_look_different()
    {
        Assert.Equal(30, Enumerable.Range(0, 30).Select(SeriesStyle.Of).Distinct().Count());
        Assert.Equal(10, Enumerable.Range(0, 10).Select(SeriesStyle.Of).Select(style => (style.Marker, style.Fill == style.Colour)).Distinct().Count());
    }

    [Fact]
    public void What_cannot_be_drawn_is_refused()
    {
        var axis = new Axis("x");
        Assert.Throws<ArgumentException>(() => SvgChart.Render(new Chart("t", "", [])));
        Assert.Throws<ArgumentException>(() => SvgChart.Render(new Chart("t", "", [new("p", axis, axis, [])])));
        Assert.Throws<ArgumentException>(() => SvgChart.Render(new Chart("t", "", [new("p", axis, axis, [new Series("s", [])])])));
        Assert.Throws<ArgumentException>(() => SvgChart.Render(new Chart("t", "", [new("p", axis, axis, [new Series("s", [(1, 1)])])], Columns: 0)));
        Assert.Throws<ArgumentException>(() => SvgChart.Render(new Chart("\0", "", [new("p", axis, axis, [new Series("s", [(1, 1)])])])));
        foreach (double none in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity])
            Assert.Throws<ArgumentException>(() => Draw(axis, new Axis("y"), (1, 2), (none, 1)));
        ArgumentException negative = Assert.Throws<ArgumentException>(() => Draw(new Axis("time", isLogarithmic: true), new Axis("y"), (1, 1), (-2, 1)));
        Assert.Contains("'time' cannot show -2", negative.Message, StringComparison.Ordinal);
    }

    private static XElement Draw(Axis x, Axis y, params (double X, double Y)[] points) =>
        XElement.Parse(SvgChart.Render(new Chart("title", "subtitle", [new("panel", x, y, [new Series("series", points)])])));

    private static XElement[] Labels(XElement svg, string label) => [.. svg.Elements(Svg + "text").Where(text => text.Value == label)];

    // Without the legend's, which come first.
    private static (double X, double Y)[] Markers(XElement svg) =>
        [.. svg.Elements(Svg + "path")
            .SkipWhile(path => path.Attribute("transform") is not null)
            .Select(path => ((string?)path.Attribute("transform"))?.Split('(', ' ', ')'))
            .Where(parts => parts is not null)
            .Select(parts => (XmlConvert.ToDouble(parts![1]), XmlConvert.ToDouble(parts[2])))];

    private static void AssertAtLabels(XElement svg, params (string X, string Y)[] labels)
    {
        (double X, double Y)[] markers = Markers(svg);
        Assert.Equal(labels.Length, markers.Length);
        foreach (var (label, marker) in labels.Zip(markers))
        {
            XElement x = Labels(svg, label.X).First(text => (string?)text.Attribute("text-anchor") == "middle");
            XElement y = Labels(svg, label.Y).First(text => (string?)text.Attribute("text-anchor") == "end");
            Assert.Equal((double)x.Attribute("x")!, marker.X, tolerance: 0.02);
            Assert.Equal((double)y.Attribute("y")! - 4, marker.Y, tolerance: 0.02);
        }
    }
}
