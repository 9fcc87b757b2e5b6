namespace RingKit.DirtyRings;

/// <summary>Copies harvested entries out, as <see cref="DirtyGfn.Dirty"/> ones.</summary>
internal ref struct CopyingSink(Span<DirtyGfn> destination) : IDirtyEntrySink
{
    private readonly Span<DirtyGfn> _destination = destination;
    private int _count;

    public void Accept(uint slot, ulong offset) =>
        _destination[_count++] = new DirtyGfn { Flags = DirtyGfn.Dirty, Slot = slot, Offset = offset };
}
