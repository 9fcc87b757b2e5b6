using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Properties.DirtyRings.Conformance;

/// <summary>An index-published ring over memory that the test sees, and may scribble into, with indices that start anywhere.</summary>
internal sealed class IndexRig<TIndexing> : IDisposable
    where TIndexing : struct, IIndexing
{
    private readonly NativeBlock<DirtyGfn> _entries;
    private readonly NativeBlock<uint> _indices;
    private readonly IndexLayout _layout;

    public IndexRig(int capacity, int reserve = 0, uint startIndex = 0, IndexLayout layout = IndexLayout.Separate, bool foreign = true)
    {
        _layout = layout;
        _entries = new NativeBlock<DirtyGfn>((nuint)capacity);
        _indices = new NativeBlock<uint>((nuint)IndexPublishedLayout.Words(layout));
        Core = new IndexPublishedCore<HardwareOrdering, TIndexing>(
            _entries.View, _indices.View, layout, (uint)reserve, startIndex, indicesAreForeign: foreign);
    }

    public IndexPublishedCore<HardwareOrdering, TIndexing> Core { get; }

    public IndexPublishedProducer<TIndexing> Producer => new(Core);

    public IndexPublishedHarvester<TIndexing> Harvester => new(Core);

    public IndexPublishedResetter<TIndexing> Resetter => new(Core);

    public Span<DirtyGfn> Entries => _entries.View.AsSpan();

    public ref uint Avail => ref _indices[IndexPublishedLayout.AvailIndexOffset / 4];

    public ref uint Fetch => ref _indices[(nuint)IndexPublishedLayout.FetchIndexOffset(_layout) / 4];

    public void Dispose()
    {
        Core.Dispose();
        _entries.Dispose();
        _indices.Dispose();
    }
}
