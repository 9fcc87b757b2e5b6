namespace RingKit.Mmu;

/// <summary>What KVM answers where it refuses, by the numbers of Linux.</summary>
public enum Errno
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>EPERM: the caller may not.</summary>
    NotPermitted = 1,

    /// <summary>ENOENT: there is no such slot, or it has no log.</summary>
    NoEntry = 2,

    /// <summary>EINTR: a signal, or somebody's request, came before there was anything to answer.</summary>
    Interrupted = 4,

    /// <summary>EIO: what was found there makes no sense.</summary>
    InputOutput = 5,

    /// <summary>ENXIO: there is nothing to do it with, as it was not prepared.</summary>
    NoDevice = 6,

    /// <summary>E2BIG: the size is above the maximum.</summary>
    TooBig = 7,

    /// <summary>EBADF: the file is not open, or not for this.</summary>
    BadFile = 9,

    /// <summary>EAGAIN: somebody else changed it meanwhile, or there was nothing left to do; look again.</summary>
    Again = 11,

    /// <summary>ENOMEM: there is no memory for it.</summary>
    NoMemory = 12,

    /// <summary>EACCES: the file may not be opened like this.</summary>
    AccessDenied = 13,

    /// <summary>EFAULT: the caller's memory cannot take the answer, or give what it should.</summary>
    BadAddress = 14,

    /// <summary>EBUSY: not while something else is going on.</summary>
    Busy = 16,

    /// <summary>EEXIST: something else is there already.</summary>
    Exists = 17,

    /// <summary>ENODEV: the file, or the device, cannot do this at all.</summary>
    NoSuchDevice = 19,

    /// <summary>EINVAL: the argument is none of those allowed.</summary>
    Invalid = 22,

    /// <summary>EMFILE: the process has too many files open.</summary>
    TooManyFiles = 24,

    /// <summary>ENOTTY: the file does not know the request.</summary>
    NoSuchRequest = 25,

    /// <summary>ENOSPC: it does not fit.</summary>
    NoSpace = 28,

    /// <summary>ERANGE: the address is beyond what the table reaches.</summary>
    Range = 34,

    /// <summary>ENOSYS: the system has no such call.</summary>
    NotImplemented = 38,

    /// <summary>EOPNOTSUPP: the call is there, but not this way.</summary>
    NotSupported = 95,
}
