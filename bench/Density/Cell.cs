using RingKit.Bench.Inputs;

namespace RingKit.Bench.Density;

/// <summary>What was measured at one density, shape and size.</summary>
/// <param name="Size">The bitmap's size.</param>
/// <param name="Percent">The density that was asked for.</param>
/// <param name="Shape">How the dirty pages lie; null where nothing or everything is dirty, so that there is but one shape.</param>
/// <param name="Share">Which part of the pages was dirty.</param>
/// <param name="Nanoseconds">For each contender, by name: the median time for a page of the bitmap, clean or dirty.</param>
internal sealed record Cell(ResidentSize Size, double Percent, DirtyShape? Shape, double Share, IReadOnlyDictionary<string, double> Nanoseconds)
{
    public string ShapeText => Shape?.ToString().ToLowerInvariant() ?? "any";
}
