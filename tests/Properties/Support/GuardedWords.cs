using System.ComponentModel;
using System.Runtime.InteropServices;
using RingKit.Memory;

namespace RingKit.Properties.Support;

/// <summary>Words that end, and begin, at a page that nobody may touch: an access beyond either end kills the process.</summary>
internal sealed unsafe partial class GuardedWords : IDisposable
{
    private const int ProtectNone = 0;
    private const int ProtectReadWrite = 3;
    private const int MapPrivateAnonymous = 0x22;

    private readonly void* _mapping;
    private readonly nuint _mapped;

    /// <param name="length">How many words.</param>
    /// <param name="againstEnd">Whether the last word, rather than the first, touches an unreadable page.</param>
    public GuardedWords(int length, bool againstEnd)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        nuint bytes = (nuint)length * sizeof(ulong);
        nuint body = (bytes + page - 1) / page * page;
        _mapped = body + (2 * page);
        _mapping = Map(null, _mapped, ProtectNone, MapPrivateAnonymous, -1, 0);
        if ((nint)_mapping == -1)
            throw new Win32Exception(Marshal.GetLastPInvokeError());

        byte* start = (byte*)_mapping + page;
        if (body != 0 && Protect(start, body, ProtectReadWrite) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        View = NativeView.DangerousCreate<ulong>(againstEnd ? start + body - bytes : start, (nuint)length);
    }

    public static string? WhyNot => OperatingSystem.IsLinux() ? null : "guard pages are made with Linux's mmap and mprotect";

    public NativeView<ulong> View { get; }

    public void Dispose() => _ = Unmap(_mapping, _mapped);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* address, nuint length);
}
