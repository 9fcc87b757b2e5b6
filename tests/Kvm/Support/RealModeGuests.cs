using RingKit.Kvm.Registers;
using RingKit.Memory;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Kvm.Tests.Support;

/// <summary>Two programs of a few bytes for the processor's real mode, which reaches the first MiB: pages 0 to 255.</summary>
internal static class RealModeGuests
{
    /// <summary>Where a program begins: in page 1.</summary>
    public const ushort Entry = 0x1000;

    /// <summary>The byte that ends <see cref="Loop"/>: in page 0.</summary>
    public const int StopFlag = 0x0F00;

    /// <summary>The page that <see cref="Loop"/> writes.</summary>
    public const ulong LoopPage = 2;

    /// <summary>Delay between two stores, in turns of a loop of two instructions: an emulating KVM then stops in time where a ring is full.</summary>
    private const byte Turns = 24;

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

    /// <summary>Ends <see cref="Loop"/>.</summary>
    public static void Stop(NativeView<byte> memory) => Volatile.Write(ref memory[StopFlag], 1);

    /// <summary>Has a vCPU run any program.</summary>
    public static void Load(KvmVcpu vcpu, NativeView<byte> memory, ReadOnlySpan<byte> program, in KvmRegisters registers)
    {
        program.CopyTo(memory.Slice(Entry, (nuint)program.Length).AsSpan());
        Assert.Equal(Mmu.Errno.None, vcpu.EnterRealMode(Entry));
        Assert.Equal(Mmu.Errno.None, vcpu.SetRegisters(registers with { Rip = Entry, Rflags = 2 }));
    }

    /// <summary>Memory of a slot for these programs.</summary>
    public static GuestMemory Memory(ulong pages = 256)
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, pages);
        return memory;
    }
}
