using System.Runtime.InteropServices;
using RingKit.Kvm.Native;
using RingKit.Mmu;

namespace RingKit.Kvm.Host;

/// <summary>The system calls behind a host log, each with its errno.</summary>
internal static unsafe partial class HostCalls
{
    private const int ReadOnly = 0;
    private const int NonBlocking = 0x800;

    // UFFD_USER_MODE_ONLY. Faults of the kernel are not for this descriptor to answer; asynchronous write protection asks nobody, so they are tracked all the same,
    // and no right is needed. The self-check has a page that the kernel writes.
    private const int UserModeOnly = 1;

    // USERFAULTFD_IOC_NEW, of /dev/userfaultfd.
    private const uint NewUserfault = 0xaa00;

    private const int MapFailed = -1;
    private const int ProtectReadWrite = 3;
    private const int MapPrivateAnonymous = 0x22;
    private const int SyncAsync = 1;

    /// <summary>The number of userfaultfd, or null where it is not known.</summary>
    private static long? UserfaultNumber => !OperatingSystem.IsLinux() ? null : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 323,
        Architecture.Arm64 => 282,
        _ => null,
    };

    /// <summary>Whether the system calls are known here.</summary>
    public static bool AreKnown => UserfaultNumber is not null;

    /// <summary>A new userfaultfd: by the system call, or by the device where a filter forbids that one.</summary>
    public static Errno OpenUserfault(out FileDescriptor? userfault)
    {
        userfault = null;
        const int Flags = Libc.OpenCloseOnExec | NonBlocking | UserModeOnly;
        long file = SystemCall(UserfaultNumber!.Value, Flags);
        Errno error = file < 0 ? Libc.LastError : Errno.None;
        if (error == Errno.NotPermitted && Open("/dev/userfaultfd", Libc.OpenReadWrite, out FileDescriptor? device) == Errno.None)
        {
            using (device)
                error = Control(device!, NewUserfault, Flags, out file);
        }

        if (error == Errno.None)
            userfault = new FileDescriptor((int)file);
        return error;
    }

    /// <summary>This process's page map.</summary>
    public static Errno OpenPagemap(out FileDescriptor? pagemap) => Open("/proc/self/pagemap", ReadOnly, out pagemap);

    /// <summary>An ioctl, again where a signal has interrupted it.</summary>
    public static Errno Control(FileDescriptor file, uint request, void* argument) => Control(file, request, (nuint)argument, out _);

    /// <summary>The same with what it returns.</summary>
    public static Errno Control(FileDescriptor file, uint request, nuint argument, out long result)
    {
        do
        {
            result = Libc.Ioctl(file, request, argument);
        }
        while (result < 0 && Libc.LastError == Errno.Interrupted);

        return result < 0 ? Libc.LastError : Errno.None;
    }

    /// <summary>Whether nothing is missing in a range of addresses: <see cref="Errno.NoMemory"/> where something is. Nothing is done to the memory.</summary>
    public static Errno CheckMapped(nuint start, nuint bytes) => Sync((void*)start, bytes, SyncAsync) == 0 ? Errno.None : Libc.LastError;

    /// <summary>Zeroed private memory of whole pages.</summary>
    public static Errno MapPages(nuint bytes, out byte* start)
    {
        start = (byte*)Map(null, bytes, ProtectReadWrite, MapPrivateAnonymous, -1, 0);
        return (nint)start == MapFailed ? Libc.LastError : Errno.None;
    }

    /// <summary>Gives it back.</summary>
    public static void UnmapPages(byte* start, nuint bytes) => _ = Libc.Unmap((nint)start, bytes);

    /// <summary>Has the kernel write into memory.</summary>
    public static Errno KernelWrites(byte* destination, nuint bytes) => GetRandom(destination, bytes, 0) == (nint)bytes ? Errno.None : Libc.LastError;

    private static Errno Open(string path, int flags, out FileDescriptor? file)
    {
        file = null;
        int descriptor = Libc.Open(path, flags | Libc.OpenCloseOnExec);
        if (descriptor < 0)
            return Libc.LastError;
        file = new FileDescriptor(descriptor);
        return Errno.None;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, long flags);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "msync", SetLastError = true)]
    private static partial int Sync(void* address, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "getrandom", SetLastError = true)]
    private static partial nint GetRandom(void* destination, nuint length, uint flags);
}
