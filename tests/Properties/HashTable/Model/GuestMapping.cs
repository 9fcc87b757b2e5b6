using RingKit.Mmu.HashTable;

namespace RingKit.Properties.HashTable.Model;

/// <summary>An entry that the guest has put in, as the model knows it.</summary>
internal sealed class GuestMapping(int address, ulong v, ulong guestR, int pageShift)
{
    /// <summary>Which of <see cref="GuestAddress.All"/>.</summary>
    public int AddressNumber { get; } = address;

    public GuestAddress Address => GuestAddress.All[AddressNumber];

    public ulong Index { get; set; }

    /// <summary>V as the guest gave it; valid.</summary>
    public ulong V { get; } = v;

    /// <summary>R as the guest gave it, with the protection that it gave last. R and C are those of the start.</summary>
    public ulong GuestR { get; set; } = guestR;

    public bool MayWrite => (GuestR & HpteR.Protection) == 2;

    public bool IsBolted => (V & HpteV.Bolted) != 0;

    /// <summary>Where the page is in the guest's memory.</summary>
    public ulong PhysicalAddress { get; } = guestR & HpteR.Rpn & ~((1UL << GuestAddress.All[address].Size.ActualShift) - 1);

    /// <summary>The host's first page of it.</summary>
    public ulong FirstPage => PhysicalAddress >> pageShift;

    /// <summary>How many pages of the host it covers.</summary>
    public ulong PageCount { get; } = 1UL << Math.Max(0, GuestAddress.All[address].Size.ActualShift - pageShift);

    /// <summary>These pages.</summary>
    public IEnumerable<ulong> Pages
    {
        get
        {
            for (ulong page = FirstPage; page < FirstPage + PageCount; page++)
                yield return page;
        }
    }

    /// <summary>Pages that were stored to through it since they were last reported; the processors have set C.</summary>
    public SortedSet<ulong> Due { get; } = [];

    /// <summary>Those where a processor still keeps C.</summary>
    public SortedSet<ulong> Late { get; } = [];

    /// <summary>Whether a processor may keep C.</summary>
    public bool StoredLate { get; set; }

    /// <summary>Whether C may be set in the table.</summary>
    public bool MayBeChanged { get; set; }

    /// <summary>Whether the guest has to find C in its own view: it was stored to since the guest last cleared C.</summary>
    public bool GuestMustSeeChanged { get; set; }

    /// <summary>Whether the guest may find it there.</summary>
    public bool GuestMaySeeChanged { get; set; } = (guestR & HpteR.Changed) != 0;
}
