namespace RingKit.Mmu.Stage2.Host;

/// <summary>Whether the host has a page for an access.</summary>
internal enum HostPageState
{
    /// <summary>It has.</summary>
    Found,

    /// <summary>It has not yet: it comes in when somebody asks for it.</summary>
    Absent,

    /// <summary>It shares it with somebody, and a store needs a copy first. Copying invalidates.</summary>
    NeedsCopy,

    /// <summary>Its memory is broken: hwpoison.</summary>
    Poisoned,

    /// <summary>The region does not allow it.</summary>
    Refused,
}
