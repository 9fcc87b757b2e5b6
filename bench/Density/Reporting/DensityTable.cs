using System.Globalization;

namespace RingKit.Bench.Density.Reporting;

/// <summary>The table that a person reads: nanoseconds a dirty page, and where there is none, microseconds a pass.</summary>
internal static class DensityTable
{
    public static void WriteHeader(TextWriter output, ResidentSize size, IEnumerable<string> names)
    {
        output.WriteLine();
        output.WriteLine($"{size.Name}: a bitmap of {size.Text}, {size.Pages:#,0} pages; ns a dirty page");
        output.WriteLine($"{"dirty",-20}{string.Concat(names.Select(name => $"{name,11}"))}");
    }

    public static void WriteRow(TextWriter output, Cell cell)
    {
        bool isEmpty = cell.Share == 0;
        string label = isEmpty ? "0 %, us a pass" : $"{Figure(cell.Percent)} % {(cell.Shape is null ? "" : cell.ShapeText)}";
        var figures = cell.Nanoseconds.Values.Select(value => isEmpty ? value * cell.Size.Pages / 1000 : value / cell.Share);
        output.WriteLine($"{label,-20}{string.Concat(figures.Select(value => $"{ThreeDigits(value),11}"))}");
    }

    public static string ThreeDigits(double value)
    {
        string format = value switch { >= 100 => "#,0", >= 10 => "0.0", >= 1 => "0.00", _ => "0.000" };
        return value.ToString(format, CultureInfo.InvariantCulture);
    }

    private static string Figure(double percent) => percent.ToString("0.####", CultureInfo.InvariantCulture);
}
