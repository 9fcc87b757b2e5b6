namespace RingKit.Bench.Reporting;

/// <summary>Says that a benchmark, or all of a suite's, allocates nothing: one that does fails the run.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class)]
internal sealed class AllocatesNothingAttribute : Attribute;
