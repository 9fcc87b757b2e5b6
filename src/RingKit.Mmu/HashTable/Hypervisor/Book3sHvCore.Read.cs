using RingKit.Mmu.HashTable.Hypercalls;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>H_READ.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    private const int WordsOfFour = 8;

    /// <summary>Shows an entry, or four, as the guest knows it; without a lock, so that an entry that changes meanwhile may be shown half of each.</summary>
    /// <param name="flags"><see cref="HypercallFlags.ReadFour"/> for the four entries of which this is one, or 0.</param>
    /// <param name="index">The entry.</param>
    /// <param name="destination">V and R of each entry: 2 words, or 8 for four. Where there is no entry, R is what the last one has left there.</param>
    /// <returns>H_PARAMETER: no such index; nothing is written then.</returns>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    internal HypercallStatus Read(ulong flags, ulong index, Span<ulong> destination)
    {
        if (!Table.IsEntry(index))
            return HypercallStatus.Parameter;

        bool four = (flags & HypercallFlags.ReadFour) != 0;
        int words = four ? WordsOfFour : 2;
        if (destination.Length < words)
            throw new ArgumentException($"{words} words are shown; there is room for {destination.Length}.", nameof(destination));
        if (four)
            index &= ~3UL;
        for (int word = 0; word < words; word += 2, index++)
        {
            Hpte entry = Table.Load(index);
            destination[word] = ShownV(entry.V & ~HpteV.HvLock);
            destination[word + 1] = entry.IsPresent
                ? (Chains.LoadGuestR(index) | (entry.R & HpteR.ReferencedChanged)) & ~HpteR.Modified
                : entry.R;
        }

        return HypercallStatus.Success;
    }
}
