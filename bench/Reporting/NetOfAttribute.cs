namespace RingKit.Bench.Reporting;

/// <summary>Says that a benchmark contains the work of another one, which is to be subtracted in the <see cref="NetColumn"/>.</summary>
/// <param name="preparation">The name of the method that does the preparation alone.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NetOfAttribute(string preparation) : Attribute
{
    public string Preparation { get; } = preparation;
}
