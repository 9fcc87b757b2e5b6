using RingKit.DirtyRings;

namespace RingKit.Properties.DirtyRings.Conformance;

/// <summary>Keeps what it is told, up to an entry at which it throws.</summary>
internal readonly struct EntryList(List<(uint Slot, ulong Offset)> entries, int throwAt = int.MaxValue) : IDirtyEntrySink
{
    public List<(uint Slot, ulong Offset)> Entries => entries;

    public void Accept(uint slot, ulong offset)
    {
        // A type that nothing in a ring would throw.
        if (entries.Count >= throwAt)
            throw new InvalidTimeZoneException();
        entries.Add((slot, offset));
    }
}
