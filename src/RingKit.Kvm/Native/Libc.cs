using System.Diagnostics;
using System.Runtime.InteropServices;
using RingKit.Mmu;

namespace RingKit.Kvm.Native;

/// <summary>The calls of the C library that a user of KVM makes. All of them fail with -1 and an errno, but for those that say otherwise.</summary>
internal static unsafe partial class Libc
{
    public const int OpenReadWrite = 2;
    public const int OpenCloseOnExec = 0x80000;
    public const int ProtectRead = 1;
    public const int ProtectWrite = 2;
    public const int MapShared = 1;
    public const int SignalBlock = 0;
    public const int SignalSetMask = 2;

    // Numbers of x86-64. The C library has names for these calls only since 2.30.
    private const long SysGetTid = 186;
    private const long SysTgKill = 234;

    private const string Library = "libc";

    /// <summary>Why the last call on this thread failed.</summary>
    public static Errno LastError => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>The kernel's number of the calling thread.</summary>
    public static int ThreadId => (int)SystemCall(SysGetTid, 0, 0, 0);

    /// <summary>Sends a signal to a thread of this process.</summary>
    public static Errno SignalThread(int threadId, int signal) =>
        SystemCall(SysTgKill, Environment.ProcessId, threadId, signal) < 0 ? LastError : Errno.None;

    /// <summary>Changes which signals are kept from the calling thread. It cannot fail with the arguments that there are.</summary>
    public static void SetSignalMask(int how, SignalSet* set, SignalSet* before)
    {
        int error = ThreadSignalMask(how, set, before);
        Debug.Assert(error == 0, $"pthread_sigmask answers {error}");
    }

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(nint file);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(FileDescriptor file, nuint request, nuint argument);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(FileDescriptor file, nuint request, void* argument);

    /// <summary>Fails with the address -1.</summary>
    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, FileDescriptor file, long offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nuint length);

    /// <summary>Takes a pending signal, if there is one.</summary>
    [LibraryImport(Library, EntryPoint = "sigtimedwait", SetLastError = true)]
    public static partial int AwaitSignal(SignalSet* set, void* information, TimeSpec* timeout);

    [LibraryImport(Library, EntryPoint = "pthread_sigmask")]
    private static partial int ThreadSignalMask(int how, SignalSet* set, SignalSet* before);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, long first, long second, long third);

    /// <summary><c>struct timespec</c>.</summary>
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
