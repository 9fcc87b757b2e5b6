namespace RingKit.Mmu.HashTable.Hypercalls;

/// <summary>What a hypercall returns in r3, by PAPR's numbers.</summary>
public enum HypercallStatus
{
    /// <summary>H_SUCCESS.</summary>
    Success = 0,

    /// <summary>H_HARDWARE.</summary>
    Hardware = -1,

    /// <summary>H_FUNCTION: there is no such hypercall, or not for this guest.</summary>
    Function = -2,

    /// <summary>H_PARAMETER: an argument is none of those allowed.</summary>
    Parameter = -4,

    /// <summary>H_PTEG_FULL: there is no free entry where one was asked for.</summary>
    PtegFull = -6,

    /// <summary>H_NOT_FOUND: there is no such entry.</summary>
    NotFound = -7,

    /// <summary>H_NO_MEM.</summary>
    NoMemory = -9,
}
