using RingKit.Properties.Bitmaps;
using RingKit.Properties.Cli;
using RingKit.Properties.Cli.Migrate;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.DirtyRings;
using RingKit.Properties.HashTable.Model;
using RingKit.Properties.Interleaving;
using RingKit.Properties.Support;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace RingKit.Properties.Support;

/// <summary>The classes that take longest begin first: at the end of the others no core waits for one of them.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly Type[] Longest =
    [
        typeof(GeneratedPrograms),
        typeof(DirtyRingInterleavings),
        typeof(EverySimdPath),
        typeof(MutantTests),
        typeof(HashInterleavings),
        typeof(NoWriteIsLost),
        typeof(MigrateCommandTests),
        typeof(HarvestCommandTests),
    ];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(RankOf).ThenBy(collection => collection.TestCollectionDisplayName, StringComparer.Ordinal)];

    // A collection without a name of its own is called after its one class.
    private static int RankOf<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        int rank = Array.FindIndex(Longest, type => collection.TestCollectionDisplayName.Contains($" {type.FullName} ", StringComparison.Ordinal));
        return rank < 0 ? Longest.Length : rank;
    }
}
