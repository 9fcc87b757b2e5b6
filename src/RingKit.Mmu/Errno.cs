namespace RingKit.Mmu;

/// <summary>What KVM answers where it refuses, by the numbers of Linux.</summary>
public enum Errno
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>ENOENT: there is no such slot, or it has no log.</summary>
    NoEntry = 2,

    /// <summary>EIO: what was found there makes no sense.</summary>
    InputOutput = 5,

    /// <summary>ENXIO: there is nothing to do it with, as it was not prepared.</summary>
    NoDevice = 6,

    /// <summary>E2BIG: the size is above the maximum.</summary>
    TooBig = 7,

    /// <summary>EAGAIN: somebody else changed it meanwhile, or there was nothing left to do; look again.</summary>
    Again = 11,

    /// <summary>ENOMEM: there is no memory for it.</summary>
    NoMemory = 12,

    /// <summary>EFAULT: the caller's memory cannot take the answer, or give what it should.</summary>
    BadAddress = 14,

    /// <summary>EBUSY: not while something else is going on.</summary>
    Busy = 16,

    /// <summary>EEXIST: something else is there already.</summary>
    Exists = 17,

    /// <summary>EINVAL: the argument is none of those allowed.</summary>
    Invalid = 22,

    /// <summary>ENOSPC: it does not fit.</summary>
    NoSpace = 28,

    /// <summary>ERANGE: the address is beyond what the table reaches.</summary>
    Range = 34,
}
