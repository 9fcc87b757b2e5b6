using System.ComponentModel;
using System.Runtime.InteropServices;

namespace RingKit.Kvm.Tests.Host;

/// <summary>A real fork, whose child ends at once: machine code, since no managed code may run in the child.</summary>
internal sealed unsafe partial class ForkedChild : IDisposable
{
    private const int ReadWrite = 3;
    private const int ReadExecute = 5;
    private const int PrivateAnonymous = 0x22;

    private readonly nint _page;

    public ForkedChild()
    {
        ReadOnlySpan<byte> code =
        [
            0xb8, 0x39, 0x00, 0x00, 0x00,   // mov eax, 57        fork
            0x0f, 0x05,                     // syscall
            0x85, 0xc0,                     // test eax, eax
            0x75, 0x09,                     // jnz parent
            0x31, 0xff,                     // xor edi, edi
            0xb8, 0xe7, 0x00, 0x00, 0x00,   // mov eax, 231       exit_group(0)
            0x0f, 0x05,                     // syscall
            0xc3,                           // parent: ret
        ];
        _page = Map(0, (nuint)Environment.SystemPageSize, ReadWrite, PrivateAnonymous, -1, 0);
        Check(_page != -1);
        code.CopyTo(new Span<byte>((void*)_page, Environment.SystemPageSize));
        Check(Protect(_page, (nuint)Environment.SystemPageSize, ReadExecute) == 0);
    }

    public static string? WhyNot => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? null : "the fork is written in x86-64's machine code";

    /// <summary>Forks.</summary>
    /// <returns>The child, which <see cref="Await"/> must see the end of.</returns>
    public int Fork()
    {
        int child = ((delegate* unmanaged<int>)_page)();
        return child > 0 ? child : throw new Win32Exception(-child);
    }

    public static void Await(int child) => Check(Wait(child, out int status, 0) == child && status == 0);

    public void Dispose() => Check(Unmap(_page, (nuint)Environment.SystemPageSize) == 0);

    private static void Check(bool holds)
    {
        if (!holds)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int Wait(int process, out int status, int options);
}
