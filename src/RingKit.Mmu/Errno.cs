namespace RingKit.Mmu;

/// <summary>What KVM answers where it refuses, by the numbers of Linux.</summary>
public enum Errno
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>ENOENT: there is no such slot, or it has no log.</summary>
    NoEntry = 2,

    /// <summary>E2BIG: the size is above the maximum.</summary>
    TooBig = 7,

    /// <summary>EFAULT: the caller's memory cannot take the answer.</summary>
    Fault = 14,

    /// <summary>EINVAL: the argument is none of those allowed.</summary>
    Invalid = 22,
}
