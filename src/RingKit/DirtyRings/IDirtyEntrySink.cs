namespace RingKit.DirtyRings;

/// <summary>Takes the entries of a dirty ring as they are harvested.</summary>
public interface IDirtyEntrySink
{
    /// <summary>Takes one entry. If it throws, the entry stays in the ring, and the next harvest meets it again.</summary>
    /// <param name="slot">Address space id in bits 16..31, memory slot id in bits 0..15; as the ring holds it, unchecked.</param>
    /// <param name="offset">Page index inside the slot; as the ring holds it, unchecked.</param>
    void Accept(uint slot, ulong offset);
}
