using System.Buffers.Binary;
using RingKit.Kvm.Registers;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Kvm.Guests;

/// <summary>Small guests that store to memory as they are told: programs of some dozens of bytes, with which logs are tried and measured.</summary>
/// <remarks>
/// Each lies in the first two pages of a guest, a program for each vCPU, and nobody but the loader writes these. In long mode page tables follow. A program
/// halts when it has made its stores, or when the stop flag is raised, which all vCPUs share. Thread role: loading by one thread, while no vCPU runs; the
/// stop flag by any.
/// </remarks>
public static class GuestProgram
{
    /// <summary>Where the stop flag is: a byte of page 0.</summary>
    public const int StopFlagAddress = 0x0F00;

    /// <summary>How many vCPUs there is room for.</summary>
    public const int MaximumVcpus = 16;

    private const int CodeAddress = 0x1000, CodeBytes = 0x100, TablesAddress = 0x2000;

    private const ulong FixedFlags = 2;

    // Knuth's generator, of which the upper half is used.
    private const ulong Factor = 6364136223846793005, Addend = 1442695040888963407;

    /// <summary>The first page that a program may store to: behind the programs, and in long mode behind the page tables.</summary>
    /// <param name="mode">The processor's mode.</param>
    /// <param name="mappedBytes">How much of the guest's address space long mode maps.</param>
    public static int FirstFreePage(GuestMode mode, ulong mappedBytes) =>
        (int)((TablesAddress + (mode == GuestMode.Long ? LongMode.TableBytes(mappedBytes) : 0)) >> GuestPage.Shift);

    /// <summary>Whether a page is one of the page tables, which the processor itself marks.</summary>
    /// <param name="page">Guest frame number.</param>
    /// <param name="mode">The processor's mode.</param>
    /// <param name="mappedBytes">As for <see cref="FirstFreePage"/>.</param>
    public static bool IsTable(ulong page, GuestMode mode, ulong mappedBytes) =>
        page >= TablesAddress >> GuestPage.Shift && page < (ulong)FirstFreePage(mode, mappedBytes);

    /// <summary>Has a vCPU make stores by a pattern, from its next run on, and lowers the stop flag.</summary>
    /// <param name="vcpu">The vCPU, which is outside the guest.</param>
    /// <param name="memory">The guest's memory from address 0 on, all of which long mode maps.</param>
    /// <param name="mode">The processor's mode.</param>
    /// <param name="stores">The stores.</param>
    /// <returns>What KVM answers when its registers are set.</returns>
    /// <exception cref="ArgumentNullException">There is no vCPU, or no stores.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The vCPU's number is too high, or a value of the stores is out of its range.</exception>
    public static Errno Load(KvmVcpu vcpu, NativeView<byte> memory, GuestMode mode, GuestStores stores)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        ArgumentNullException.ThrowIfNull(stores);
        GuestStores.Check(stores, mode, memory.Length);
        return mode == GuestMode.Real
            ? EnterReal(vcpu, memory, RealCode(stores.Pattern), RealRegisters(stores))
            : EnterLong(vcpu, memory, memory.Length, LongCode(stores.Pattern), LongRegisters(stores));
    }

    /// <summary>
    /// Has a vCPU store to pages one by one, the number of stores left to the first bytes of each, from its next run on. The stop flag does not end it.
    /// </summary>
    /// <param name="vcpu">The vCPU, which is outside the guest.</param>
    /// <param name="memory">The guest's memory from address 0 on.</param>
    /// <param name="mode">The processor's mode.</param>
    /// <param name="mappedBytes">How much of the guest's address space long mode maps: more than the memory where other slots follow.</param>
    /// <param name="list">Where the list goes: an address of the memory, in real mode below 64 KiB. 2 bytes for each page in real mode, 8 in long mode.</param>
    /// <param name="pages">Guest frame numbers, at least one; in real mode below 256.</param>
    /// <param name="turns">As <see cref="GuestStores.Turns"/>.</param>
    /// <returns>What KVM answers when its registers are set.</returns>
    /// <exception cref="ArgumentNullException">There is no vCPU.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The vCPU's number is too high; the list does not fit there; there are no pages, or one is out of reach.
    /// </exception>
    public static Errno LoadList(
        KvmVcpu vcpu, NativeView<byte> memory, GuestMode mode, ulong mappedBytes, int list, ReadOnlySpan<ulong> pages, int turns = GuestStores.SafeTurns)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        int entryBytes = mode == GuestMode.Real ? sizeof(ushort) : sizeof(ulong);
        ulong end = mode == GuestMode.Real ? Math.Min(memory.Length, 1 << 16) : memory.Length;
        if (pages.IsEmpty)
            throw new ArgumentOutOfRangeException(nameof(pages), pages.Length, "There must be at least one page.");
        if (list < FirstFreePage(mode, mappedBytes) << GuestPage.Shift || (ulong)list + (ulong)(pages.Length * entryBytes) > end)
            throw new ArgumentOutOfRangeException(nameof(list), list, $"The list must lie behind the program, and end at {end}.");
        if (turns is < 1 or > ushort.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(turns), turns, $"Turns must be from 1 to {ushort.MaxValue}.");
        ulong reach = mode == GuestMode.Real ? 256 : mappedBytes >> GuestPage.Shift;
        Span<byte> entries = memory.Slice((nuint)list, (nuint)(pages.Length * entryBytes)).AsSpan();
        for (int i = 0; i < pages.Length; i++)
        {
            if (pages[i] >= reach)
                throw new ArgumentOutOfRangeException(nameof(pages), pages[i], $"Pages must be below {reach}.");
            if (mode == GuestMode.Real)
                BinaryPrimitives.WriteUInt16LittleEndian(entries[(i * entryBytes)..], (ushort)(pages[i] << 8));
            else
                BinaryPrimitives.WriteUInt64LittleEndian(entries[(i * entryBytes)..], pages[i] << GuestPage.Shift);
        }

        var registers = new KvmRegisters { Rsi = (ulong)list, Rcx = (ulong)pages.Length, Rdx = (ulong)turns };
        return mode == GuestMode.Real
            ? EnterReal(vcpu, memory, RealModeCode.List, registers)
            : EnterLong(vcpu, memory, mappedBytes, LongModeCode.List, registers);
    }

    /// <summary>Raises the stop flag: every vCPU that stores by a pattern halts after its next store.</summary>
    /// <param name="memory">The guest's memory from address 0 on.</param>
    public static void Stop(NativeView<byte> memory) => HardwareOrdering.StoreRelaxed(ref memory[StopFlagAddress], 1);

    /// <summary>How many stores of its list a vCPU has still to make.</summary>
    /// <param name="registers">Its registers, outside the guest.</param>
    /// <param name="mode">The processor's mode.</param>
    internal static int StoresLeft(in KvmRegisters registers, GuestMode mode)
    {
        int at = (int)(registers.Rip % CodeBytes);
        bool isMadeAndNotCounted = mode == GuestMode.Real
            ? at is > RealModeCode.ListStore and <= RealModeCode.ListCount
            : at is > LongModeCode.ListStore and <= LongModeCode.ListCount;
        return (int)registers.Rcx - (isMadeAndNotCounted ? 1 : 0);
    }

    private static KvmRegisters RealRegisters(GuestStores stores) => new()
    {
        Rbx = (ulong)stores.FirstPage << 8,
        Rbp = (ulong)stores.PageCount,
        Rcx = stores.Count,
        Rsi = (ulong)stores.Turns,
        Rdi = (ushort)stores.Seed,
        Rsp = (ulong)stores.HotPages,
    };

    private static KvmRegisters LongRegisters(GuestStores stores) => new()
    {
        Rbx = (ulong)stores.FirstPage << GuestPage.Shift,
        Rbp = (ulong)stores.PageCount,
        Rcx = stores.Count,
        Rdx = (ulong)stores.Turns,
        Rsi = StopFlagAddress,
        Rdi = stores.Seed,
        R9 = Factor,
        R10 = Addend,
        R11 = (ulong)stores.HotPages,
    };

    private static ReadOnlySpan<byte> RealCode(GuestPattern pattern) => pattern switch
    {
        GuestPattern.Sequential => RealModeCode.Sequential,
        GuestPattern.Counter => RealModeCode.Counter,
        GuestPattern.Random => RealModeCode.Random,
        _ => RealModeCode.HotSet,
    };

    private static ReadOnlySpan<byte> LongCode(GuestPattern pattern) => pattern switch
    {
        GuestPattern.Sequential => LongModeCode.Sequential,
        GuestPattern.Counter => LongModeCode.Counter,
        GuestPattern.Random => LongModeCode.Random,
        _ => LongModeCode.HotSet,
    };

    private static Errno EnterReal(KvmVcpu vcpu, NativeView<byte> memory, ReadOnlySpan<byte> code, in KvmRegisters registers)
    {
        ushort entry = Place(vcpu, memory, code);
        Errno error = vcpu.EnterRealMode(entry);
        return error != Errno.None ? error : vcpu.SetRegisters(registers with { Rip = entry, Rflags = FixedFlags });
    }

    private static Errno EnterLong(KvmVcpu vcpu, NativeView<byte> memory, ulong mappedBytes, ReadOnlySpan<byte> code, in KvmRegisters registers)
    {
        ushort entry = Place(vcpu, memory, code);
        LongMode.WriteIdentityMap(memory, TablesAddress, mappedBytes);
        return vcpu.EnterLongMode(TablesAddress, registers with { Rip = entry });
    }

    private static ushort Place(KvmVcpu vcpu, NativeView<byte> memory, ReadOnlySpan<byte> code)
    {
        if (vcpu.Id >= MaximumVcpus)
            throw new ArgumentOutOfRangeException(nameof(vcpu), vcpu.Id, $"There is room for the programs of {MaximumVcpus} vCPUs.");
        int entry = CodeAddress + (CodeBytes * (int)vcpu.Id);
        code.CopyTo(memory.Slice((nuint)entry, (nuint)code.Length).AsSpan());
        memory[StopFlagAddress] = 0;
        return (ushort)entry;
    }
}
