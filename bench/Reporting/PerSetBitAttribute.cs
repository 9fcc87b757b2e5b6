namespace RingKit.Bench.Reporting;

/// <summary>Says that a suite with the parameters of a <see cref="Inputs.DirtyPattern"/> wants the <see cref="PerSetBitColumn"/>.</summary>
/// <param name="sizeParameter">The parameter that says how many KiB of bitmap there are.</param>
/// <param name="atLeastKiB">If that says less, an operation passes over so many KiB all the same.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PerSetBitAttribute(string sizeParameter, int atLeastKiB = 0) : Attribute
{
    public string SizeParameter { get; } = sizeParameter;

    public int AtLeastKiB { get; } = atLeastKiB;
}
