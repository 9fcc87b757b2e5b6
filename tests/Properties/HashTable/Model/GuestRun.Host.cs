using RingKit.Mmu;
using RingKit.Mmu.HashTable;
using Xunit;

namespace RingKit.Properties.HashTable.Model;

/// <summary>What the host does.</summary>
internal sealed partial class GuestRun
{
    private void Host(GuestStep step)
    {
        ulong page = GuestAddress.All[step.Address].Page(step.Pick(0, 31)) >> _options.PageShift;
        ulong count = 1 + (ulong)step.Pick(8, 20);
        Settle();
        GuestMapping[] valid = [.. Valid];
        switch (step.Kind)
        {
            case GuestStepKind.PageOut:
                Both(world => world.PageOut(page, count));
                break;
            case GuestStepKind.Share:
                Both(world => world.Share(page, count));
                break;
            case GuestStepKind.PageIn:
                Both(world => world.PageIn(page, count));
                break;
            default:
                Both(world => world.Age(page, count));
                break;
        }

        foreach (GuestMapping mapping in valid.Where(mapping => !Both(world => world.Entry(mapping.Index).IsValid)))
            _log.Invalidated(mapping);
    }

    private void Resize(int order)
    {
        Settle();
        GuestMapping[] valid = [.. Valid];
        Errno answer = Both(world => world.Resize(order));
        if (answer == Errno.NoSpace)
        {
            foreach (GuestMapping mapping in valid.Where(mapping => !Both(world => world.Entry(mapping.Index).IsValid)))
                _log.Invalidated(mapping);
            return;
        }

        Assert.Equal(Errno.None, answer);
        foreach (GuestMapping mapping in valid)
            _log.Invalidated(mapping);
        GuestMapping[] bolted = [.. _mappings.Values.Where(mapping => mapping.IsBolted)];
        foreach (GuestMapping mapping in _mappings.Values)
            _byAddress[mapping.AddressNumber] = null;
        _mappings.Clear();
        foreach (GuestMapping mapping in bolted)
        {
            // To the same place in its group; what the guest knew of C is that of before.
            (ulong group, _) = Place(mapping.Address, (mapping.V & HpteV.Secondary) != 0);
            mapping.Index = group + (mapping.Index % HptGeometry.EntriesPerGroup);
            mapping.GuestMustSeeChanged = false;
            _mappings.Add(mapping.Index, mapping);
            _byAddress[mapping.AddressNumber] = mapping;
        }
    }
}
