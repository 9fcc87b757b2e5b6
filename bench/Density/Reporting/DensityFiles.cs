using System.Globalization;
using System.Text;
using RingKit.Bench.Inputs;
using RingKit.Cli.Charts;

namespace RingKit.Bench.Density.Reporting;

/// <summary>The grid for programs, and as a picture.</summary>
internal static class DensityFiles
{
    public static string Csv(IEnumerable<Cell> cells)
    {
        var text = new StringBuilder("size,bitmap_bytes,asked_percent,shape,dirty_percent,contender,ns_per_page,ns_per_dirty_page,us_per_pass\n");
        foreach (Cell cell in cells)
        {
            foreach (var (name, time) in cell.Nanoseconds)
            {
                string dirty = cell.Share == 0 ? "" : (time / cell.Share).ToString("G5", CultureInfo.InvariantCulture);
                text.Append(CultureInfo.InvariantCulture, $"{cell.Size.Name},{cell.Size.Words * 8L},{cell.Percent},{cell.ShapeText},")
                    .Append(CultureInfo.InvariantCulture, $"{cell.Share * 100:0.########},")
                    .Append(CultureInfo.InvariantCulture, $"{name},{time:G5},{dirty},{time * cell.Size.Pages / 1000:G5}\n");
            }
        }

        return text.ToString();
    }

    /// <summary>A panel for each size and shape. Per page of the bitmap, so that an empty one has its place, too, and all sizes share one scale.</summary>
    public static string Svg(IReadOnlyCollection<Cell> cells, string machine)
    {
        var x = new Axis("dirty pages, %", isLogarithmic: true);
        var y = new Axis("ns a page of the bitmap", isLogarithmic: true);
        var panels = new List<Panel>();
        foreach (ResidentSize size in cells.Select(cell => cell.Size).Distinct())
        {
            foreach (DirtyShape shape in Enum.GetValues<DirtyShape>())
            {
                Cell[] shown = [.. cells.Where(cell => cell.Size == size && (cell.Shape ?? shape) == shape)];
                Series[] lines = [.. shown[0].Nanoseconds.Keys
                    .Select(name => new Series(name, [.. shown.Select(cell => (cell.Percent, cell.Nanoseconds[name]))]))];
                panels.Add(new Panel($"{size.Name} ({size.Text}), {shape.ToString().ToLowerInvariant()}", x, y, lines));
            }
        }

        return SvgChart.Render(new Chart("Finding the dirty pages of a bitmap, by density", machine, panels, Columns: 3));
    }
}
