using Xunit;

namespace RingKit.Properties.Support;

/// <summary>Tests that keep every core busy or watch the whole process: they run alone, so that none starves another.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RunAlone
{
    public const string Name = nameof(RunAlone);
}
