namespace RingKit.Mmu;

/// <summary>What KVM answers where it refuses, by the numbers of Linux.</summary>
public enum Errno
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>ENOENT: there is no such slot.</summary>
    NoEntry = 2,

    /// <summary>E2BIG: the size is above the maximum.</summary>
    TooBig = 7,

    /// <summary>EINVAL: the argument is none of those allowed.</summary>
    Invalid = 22,
}
