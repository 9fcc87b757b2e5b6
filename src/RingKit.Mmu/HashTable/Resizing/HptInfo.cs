using RingKit.Memory;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Ordering;
using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable.Resizing;

/// <summary>A table and its reverse map, which come and go together: KVM's kvm_hpt_info.</summary>
internal sealed class HptInfo<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    public HptInfo(HptGeometry geometry, RmapFormat format, bool isa30)
    {
        using var table = new NativeBlock<WordPair>((nuint)geometry.EntryCount, alignment: 4096);
        using var chains = new NativeBlock<ReverseMapEntry>((nuint)geometry.EntryCount, alignment: 4096);
        Table = new HptCore<TOrdering>(table.View, geometry, isa30);
        Chains = new ReverseMapCore<TOrdering>(chains.View, format);
    }

    public HptCore<TOrdering> Table { get; }

    public ReverseMapCore<TOrdering> Chains { get; }

    public void Dispose()
    {
        Table.Dispose();
        Chains.Dispose();
    }
}
