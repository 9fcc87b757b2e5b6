using System.Diagnostics;
using RingKit.Kvm.Registers;
using RingKit.Memory;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Kvm.Tests.Support;

/// <summary>Programs of a few bytes for the processor's real mode, which reaches the first MiB: pages 0 to 255.</summary>
internal static class RealModeGuests
{
    /// <summary>Where vCPU 0's program begins: in page 1, as the others' do.</summary>
    private const int Entry = 0x1000;
    private const int BytesPerProgram = 0x100;

    /// <summary>The byte that ends <see cref="Loop"/>: in page 0.</summary>
    public const int StopFlag = 0x0F00;

    /// <summary>The page that <see cref="Loop"/> writes.</summary>
    public const ulong LoopPage = 2;

    /// <summary>Delay between two stores, in turns of a loop of two instructions: an emulating KVM then stops in time where a ring is full.</summary>
    private const byte Turns = 24;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // bx = segment of the first page, cx = how many, dx = segments from page to page.
    private static readonly byte[] StoreProgram =
    [
        0x8E, 0xC3,                         // 00 page:  mov es, bx
        0x26, 0x88, 0x0E, 0x00, 0x00,       // 02        mov es:[0], cl
        0xBE, Turns, 0x00,                  // 07        mov si, turns
        0x4E,                               // 0a wait:  dec si
        0x75, 0xFD,                         // 0b        jnz wait
        0x01, 0xD3,                         // 0d        add bx, dx
        0x49,                               // 0f        dec cx
        0x75, 0xEE,                         // 10        jnz page
        0xF4,                               // 12        hlt
    ];

    private static readonly byte[] LoopProgram =
    [
        0xFF, 0x06, 0x00, 0x20,             // 00 again: inc word [2000h]
        0xBE, Turns, 0x00,                  // 04        mov si, turns
        0x4E,                               // 07 wait:  dec si
        0x75, 0xFD,                         // 08        jnz wait
        0x80, 0x3E, 0x00, 0x0F, 0x00,       // 0a        cmp byte [0f00h], 0
        0x74, 0xEF,                         // 0f        jz again
        0xF4,                               // 11        hlt
    ];

    private static readonly byte[] CircleProgram =
    [
        0xB8, 0x00, 0x10,                   // 00 again: mov ax, 1000h
        0x8E, 0xC0,                         // 03 page:  mov es, ax
        0x47,                               // 05        inc di
        0x26, 0x89, 0x3E, 0x00, 0x00,       // 06        mov es:[0], di
        0xBE, Turns, 0x00,                  // 0b        mov si, turns
        0x4E,                               // 0e wait:  dec si
        0x75, 0xFD,                         // 0f        jnz wait
        0x05, 0x00, 0x01,                   // 11        add ax, 100h
        0x75, 0xED,                         // 14        jnz page
        0xEB, 0xE8,                         // 16        jmp again
    ];

    // si = where the segments of the pages are listed, 0 at the end.
    private static readonly byte[] ListProgram =
    [
        0xAD,                               // 00 next:  lodsw
        0x85, 0xC0,                         // 01        test ax, ax
        0x74, 0x0E,                         // 03        jz end
        0x8E, 0xC0,                         // 05        mov es, ax
        0x26, 0xFE, 0x06, 0x07, 0x00,       // 07        inc byte es:[7]
        0xB9, Turns, 0x00,                  // 0c        mov cx, turns
        0xE2, 0xFE,                         // 0f        loop $
        0xEB, 0xED,                         // 11        jmp next
        0xF4,                               // 13 end:   hlt
    ];

    /// <summary>Has a vCPU write a byte, how many are left, into each of some pages, and halt.</summary>
    public static void Store(KvmVcpu vcpu, NativeView<byte> memory, int firstPage, int count, int stride = 1)
    {
        Load(vcpu, memory, StoreProgram, new KvmRegisters { Rbx = (ulong)firstPage << 8, Rcx = (ulong)count, Rdx = (ulong)stride << 8 });
    }

    /// <summary>Has a vCPU count in <see cref="LoopPage"/> until the byte at <see cref="StopFlag"/> is not 0, and halt.</summary>
    public static void Loop(KvmVcpu vcpu, NativeView<byte> memory)
    {
        Volatile.Write(ref memory[StopFlag], 0);
        Load(vcpu, memory, LoopProgram, default);
    }

    /// <summary>Has a vCPU add 1 to a byte in each page of a list, and halt. The list is in page 2 or 3.</summary>
    /// <param name="vcpu">The vCPU, 0 or 1.</param>
    /// <param name="memory">The guest's memory from address 0 on.</param>
    /// <param name="pages">At most 2000, of 1 to 255.</param>
    public static void StoreTo(KvmVcpu vcpu, NativeView<byte> memory, ReadOnlySpan<int> pages)
    {
        nuint list = (2 + vcpu.Id) * GuestPage.Size;
        NativeView<ushort> segments = memory.Slice(list, GuestPage.Size).Cast<ushort>();
        for (int i = 0; i < pages.Length; i++)
            segments[(nuint)i] = (ushort)(pages[i] << 8);
        segments[(nuint)pages.Length] = 0;
        Load(vcpu, memory, ListProgram, new KvmRegisters { Rsi = list });
    }

    /// <summary>Has a vCPU count in pages 16 to 255, one after the other, without end.</summary>
    public static void Circle(KvmVcpu vcpu, NativeView<byte> memory) => Load(vcpu, memory, CircleProgram, default);

    /// <summary>Ends <see cref="Loop"/>.</summary>
    public static void Stop(NativeView<byte> memory) => Volatile.Write(ref memory[StopFlag], 1);

    /// <summary>Returns when <see cref="Loop"/> has counted on since the call.</summary>
    public static void AwaitCounting(NativeView<byte> memory)
    {
        ref ushort counter = ref memory.Slice((nuint)(LoopPage * GuestPage.Size), 2).Cast<ushort>()[0];
        ushort before = Volatile.Read(ref counter);
        var clock = Stopwatch.StartNew();
        while (Volatile.Read(ref counter) == before)
        {
            Assert.True(clock.Elapsed < Patience, "the guest does not run");
            Thread.Yield();
        }
    }

    /// <summary>Has a vCPU run any program.</summary>
    public static void Load(KvmVcpu vcpu, NativeView<byte> memory, ReadOnlySpan<byte> program, in KvmRegisters registers)
    {
        ushort entry = (ushort)(Entry + (BytesPerProgram * (int)vcpu.Id));
        program.CopyTo(memory.Slice(entry, (nuint)program.Length).AsSpan());
        Assert.Equal(Mmu.Errno.None, vcpu.EnterRealMode(entry));
        Assert.Equal(Mmu.Errno.None, vcpu.SetRegisters(registers with { Rip = entry, Rflags = 2 }));
    }

    /// <summary>Memory of a slot for these programs.</summary>
    public static GuestMemory Memory(ulong pages = 256)
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, pages);
        return memory;
    }
}
