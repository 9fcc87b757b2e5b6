using RingKit.Kvm.Registers;
using RingKit.Memory;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Kvm.Tests.Support;

/// <summary>The program that stores to pages, for 64-bit mode, which reaches all of a guest.</summary>
internal static class LongModeGuest
{
    /// <summary>The first page behind the program and the page tables, which the processor marks too.</summary>
    public const int FirstPage = 256;

    private const ulong Entry = 0x1000;
    private const ulong Tables = 0x2000;

    // rdi = the first page's address, rcx = how many, rdx = turns of a delay between two stores.
    private static readonly byte[] StoreProgram =
    [
        0x48, 0x89, 0x0F,                            // 00 page:  mov [rdi], rcx
        0x48, 0x81, 0xC7, 0x00, 0x10, 0x00, 0x00,    // 03        add rdi, 1000h
        0x89, 0xD0, 0x90, 0x90, 0x90,                // 0a        mov eax, edx; nop; nop; nop
        0xFF, 0xC8,                                  // 0f wait:  dec eax
        0x75, 0xFC,                                  // 11        jnz wait
        0x48, 0xFF, 0xC9,                            // 13        dec rcx
        0x75, 0xE8,                                  // 16        jnz page
        0xF4,                                        // 18        hlt
    ];

    /// <summary>Has a vCPU write how many are left into each of some pages, and halt. With fewer turns only where the ring cannot get full.</summary>
    public static void Store(KvmVcpu vcpu, NativeView<byte> memory, int firstPage, int count, int turns = 24)
    {
        Assert.True(firstPage >= FirstPage);
        LongMode.WriteIdentityMap(memory, Tables, memory.Length);
        StoreProgram.CopyTo(memory.Slice((nuint)Entry, (nuint)StoreProgram.Length).AsSpan());
        var registers = new KvmRegisters { Rip = Entry, Rdi = (ulong)firstPage << GuestPage.Shift, Rcx = (ulong)count, Rdx = (ulong)turns };
        Assert.Equal(Mmu.Errno.None, vcpu.EnterLongMode(Tables, registers));
    }

    /// <summary>Whether a page is one of the page tables.</summary>
    public static bool IsTable(ulong page, NativeView<byte> memory) =>
        page >= Tables >> GuestPage.Shift && page < (Tables + LongMode.TableBytes(memory.Length)) >> GuestPage.Shift;
}
