using System.ComponentModel;
using System.Runtime.InteropServices;
using RingKit.Memory;

namespace RingKit.Kvm.Tests.Host;

/// <summary>A private mapping that begins at a huge page's boundary, and what its owner can do to it.</summary>
internal sealed unsafe partial class MappedPages : IDisposable
{
    public const int HugePage = 2 << 20;
    public const int DontNeed = 4;
    public const int AdviseHugePages = 14;
    public const int AdviseNoHugePages = 15;

    private const int None = 0;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;
    private const int Fixed = 0x10;
    private const int MoveToFixed = 3;

    private readonly nint _reserved;
    private readonly nuint _reservedBytes;

    public MappedPages(int pages)
    {
        nuint bytes = (nuint)(pages * HostMemory.PageSize);
        _reservedBytes = bytes + (2 * HugePage);
        _reserved = Checked(Map(0, _reservedBytes, None, PrivateAnonymous, -1, 0));
        nint start = (_reserved + HugePage - 1) & ~(nint)(HugePage - 1);
        View = NativeView.DangerousCreate<byte>((void*)Checked(Map(start, bytes, ReadWrite, PrivateAnonymous | Fixed, -1, 0)), bytes);
    }

    public NativeView<byte> View { get; }

    public void Write(params ReadOnlySpan<int> pages)
    {
        foreach (int page in pages)
            View[(nuint)page * (nuint)HostMemory.PageSize]++;
    }

    public void Advise(int firstPage, int pages, int advice) => Check(Advise(Address(firstPage), Bytes(pages), advice));

    public void Unmap(int firstPage, int pages) => Check(Unmap(Address(firstPage), Bytes(pages)));

    public void Protect(int firstPage, int pages, bool writable) => Check(Protect(Address(firstPage), Bytes(pages), writable ? ReadWrite : 1));

    /// <summary>Puts fresh memory in the place of what is there.</summary>
    public void Replace(int firstPage, int pages) => Checked(Map(Address(firstPage), Bytes(pages), ReadWrite, PrivateAnonymous | Fixed, -1, 0));

    /// <summary>Moves pages to the place of others.</summary>
    public void Move(int firstPage, int pages, int to) => Checked(Remap(Address(firstPage), Bytes(pages), Bytes(pages), MoveToFixed, Address(to)));

    public void Dispose() => Check(Unmap(_reserved, _reservedBytes));

    private static nuint Bytes(int pages) => (nuint)(pages * HostMemory.PageSize);

    private nint Address(int page) => (nint)View.DangerousPointer + (nint)Bytes(page);

    private static void Check(int result)
    {
        if (result != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private static nint Checked(nint address) => address != -1 ? address : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "mremap", SetLastError = true)]
    private static partial nint Remap(nint address, nuint oldLength, nuint newLength, int flags, nint newAddress);
}
