namespace RingKit.Properties.HashTable.Model;

/// <summary>What a thread of a <see cref="HashProgram"/> can do.</summary>
internal enum HashAction
{
    /// <summary>A store through an address, if the table translates it.</summary>
    Store,

    /// <summary>A store that faults where the table does not let it through, and tries again.</summary>
    StoreOrFault,

    /// <summary>A store that faults, and the thread's last operation: the vCPU is out of the guest when the host mends the fault, and stays there.</summary>
    Fault,

    /// <summary>H_REMOVE.</summary>
    Remove,

    /// <summary>H_BULK_REMOVE of both entries of page 0, the given one first.</summary>
    BulkRemove,

    /// <summary>H_ENTER.</summary>
    Enter,

    /// <summary>H_PROTECT to read-only.</summary>
    Protect,

    /// <summary>H_CLEAR_MOD.</summary>
    ClearModified,

    /// <summary>H_CLEAR_REF.</summary>
    ClearReferenced,

    /// <summary>H_PAGE_INIT of the address's page, of which the word that the thread counts in stands for all.</summary>
    PageInit,

    /// <summary>The host takes page 0 away.</summary>
    PageOut,

    /// <summary>The host shares page 0.</summary>
    Share,

    /// <summary>The host asks whether page 0 was referenced.</summary>
    Age,

    /// <summary>When all vCPUs are out of the guest, another table takes this one's place. Once in a program, beside no harvest and no hypercall.</summary>
    Resize,

    /// <summary>Logging starts, and all pages are copied.</summary>
    Start,

    /// <summary>A harvest by chains, whose pages are copied.</summary>
    Walk,

    /// <summary>The same where vectors of rmap words choose the chains.</summary>
    FilteredWalk,

    /// <summary>A harvest by the table.</summary>
    Sweep,
}
