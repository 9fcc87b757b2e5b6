using RingKit.Mmu.Stage2;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2;

/// <summary>What is mapped, for some pages only: a page's address, level and attributes, in a dictionary.</summary>
internal sealed class Stage2Model(ulong[] pages)
{
    private readonly Dictionary<ulong, Mapping> _mappings = [];

    public IReadOnlyList<ulong> Pages => pages;

    public Mapping? Find(ulong ipa) => _mappings.TryGetValue(ipa, out Mapping mapping) ? mapping : null;

    /// <returns>Whether anything changes.</returns>
    public bool Map(ulong ipa, int level, ulong address, Stage2Attributes attributes)
    {
        ulong size = Stage2Geometry.SizeAt(level);
        ulong some = pages.First(page => page - ipa < size);
        if (Find(some) is Mapping old && old.Level == level && old.Address - (some - ipa) == address
            && ((old.Attributes ^ attributes.Bits) & ~Stage2Attributes.PermissionMask) == 0)
        {
            return false;
        }

        Unmap(ipa, size);
        foreach (ulong page in pages.Where(page => page - ipa < size))
            _mappings[page] = new Mapping(level, address + (page - ipa), attributes.Bits);
        return true;
    }

    /// <summary>Whole leaves go, those that the range touches.</summary>
    public void Unmap(ulong ipa, ulong size)
    {
        foreach (ulong page in Touched(ipa, size))
            _mappings.Remove(page);
    }

    public void Clear(ulong ipa, ulong size, ulong bits)
    {
        foreach (ulong page in Touched(ipa, size))
            _mappings[page] = _mappings[page] with { Attributes = _mappings[page].Attributes & ~bits };
    }

    public void Set(ulong ipa, ulong bits)
    {
        foreach (ulong page in Touched(ipa, Page))
            _mappings[page] = _mappings[page] with { Attributes = _mappings[page].Attributes | bits };
    }

    public void Split(ulong ipa)
    {
        foreach (ulong page in Touched(ipa, Page).Where(page => _mappings[page].Level < 3))
            _mappings[page] = _mappings[page] with { Level = _mappings[page].Level + 1 };
    }

    /// <returns>Whether the known pages allow it.</returns>
    public bool Collapse(ulong ipa, int level, ulong accessed)
    {
        ulong size = Stage2Geometry.SizeAt(level);
        ulong[] joined = [.. pages.Where(page => page - ipa < size)];
        Mapping? first = Find(joined[0]);
        foreach (ulong page in joined)
        {
            if (first is null || Find(page) is not Mapping mapping || mapping.Level != level + 1 || mapping.Address - page != first.Value.Address - joined[0]
                || ((mapping.Attributes ^ first.Value.Attributes) & ~Stage2Attributes.AccessBit) != 0)
            {
                return false;
            }
        }

        foreach (ulong page in joined)
            _mappings[page] = _mappings[page] with { Level = level, Attributes = (_mappings[page].Attributes & ~Stage2Attributes.AccessBit) | accessed };
        return true;
    }

    private ulong[] Touched(ulong ipa, ulong size) => [.. _mappings.Where(pair => Leaf(pair.Key, pair.Value, ipa, size)).Select(pair => pair.Key)];

    private static bool Leaf(ulong page, Mapping mapping, ulong ipa, ulong size)
    {
        ulong length = Stage2Geometry.SizeAt(mapping.Level), start = page & ~(length - 1);
        return start < ipa + size && ipa < start + length;
    }

    public readonly record struct Mapping(int Level, ulong Address, ulong Attributes);
}
