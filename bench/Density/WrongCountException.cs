namespace RingKit.Bench.Density;

/// <summary>A contender found more dirty pages than there are, or fewer.</summary>
internal sealed class WrongCountException(string message) : Exception(message);
