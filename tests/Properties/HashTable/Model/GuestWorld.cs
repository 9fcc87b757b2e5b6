using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Resizing;
using RingKit.Ordering;
using RingKit.Properties.HashTable.Harvesting;
using Xunit;

namespace RingKit.Properties.HashTable.Model;

/// <summary>One hypervisor with two slots, 48 MiB and 1 MiB, and the vCPUs of its guest.</summary>
internal sealed class GuestWorld : IDisposable
{
    public const ulong SecondSlot = 0x400_0000;

    // Beyond the size of which malloc keeps free blocks to clear them: memory that nobody touches costs nothing.
    private const ulong FirstSlotSize = 48UL << 20;
    private const ulong SecondSlotSize = 1UL << 20;
    private const int MostAttempts = 4;

    private readonly GuestMemory _memory = new();
    private readonly ScenarioThread _thread;
    private readonly byte[][] _bitmaps;

    public GuestWorld(HashTableOptions options)
    {
        _memory.AddSlot(0, 0, FirstSlotSize >> GuestPage.Shift);
        _memory.AddSlot(1, SecondSlot >> GuestPage.Shift, SecondSlotSize >> GuestPage.Shift);
        Core = new Book3sHvCore<HardwareOrdering>(_memory, options);
        _thread = new ScenarioThread(Core);
        _bitmaps = [.. Core.Slots.Select(slot => new byte[slot.WordCount * sizeof(ulong)])];
    }

    public Book3sHvCore<HardwareOrdering> Core { get; }

    /// <summary>The number of the slot that has a guest-physical address, or -1.</summary>
    public static int SlotOf(ulong physicalAddress) => physicalAddress switch
    {
        < FirstSlotSize => 0,
        >= SecondSlot and < SecondSlot + SecondSlotSize => 1,
        _ => -1,
    };

    public Hpte Entry(ulong index) => Core.Table.Load(index);

    public bool KeepsChanged(ulong index) => _thread.KeepsChanged(index);

    public bool KeepsChanged(ulong index, int vcpu) => _thread.KeepsChanged(index, vcpu);

    /// <summary>A hypercall: r3, then r4 to r11.</summary>
    public ulong[] Call(ulong number, params ReadOnlySpan<ulong> arguments)
    {
        ulong[] answer = new ulong[9];
        Span<ulong> registers = answer.AsSpan(1);
        arguments.CopyTo(registers);
        ScenarioThread thread = _thread;
        answer[0] = (ulong)(long)Core.Invoke(ref thread, number, registers);
        return answer;
    }

    /// <summary>A load or store through a mapping, faults included.</summary>
    /// <returns>Whether the guest gets its way, and is not told of a fault.</returns>
    public bool Access(GuestMapping mapping, ulong offset, bool store, bool late, int vcpu)
    {
        ScenarioThread thread = _thread;
        VirtualAddress address = mapping.Address.Virtual;
        address = address with { Address = address.Address + offset };
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            if (store ? thread.Store(mapping.Index, late, vcpu) : thread.Load(mapping.Index, late, vcpu))
                return true;

            Dsisr status = store ? Dsisr.Store : Dsisr.None;
            if (Core.TryTranslate(address, out ulong found, out _))
            {
                if (found != mapping.Index)
                    Assert.Fail($"The processor finds {address} at 0x{found:X}, not at 0x{mapping.Index:X}.");
                status |= Dsisr.Protection;
            }
            else
            {
                status |= Dsisr.NoEntry;
            }

            var fault = new StorageFault(address, status);
            FirstLevelFault judged = Core.JudgeFault(ref thread, fault);
            if (judged.Outcome == FaultOutcome.Reflect)
                return false;
            bool mends = judged.Outcome is FaultOutcome.HostHandler or FaultOutcome.Mmio;
            if (mends && Core.HandlePageFault(ref thread, fault, judged.Snapshot) == PageFaultOutcome.Mmio)
                return false;

            // KVM loads the instruction for any page of key 31 that is there; of one that is not, the key is a device's.
            if (judged.Outcome == FaultOutcome.Mmio && (status & Dsisr.NoEntry) != Dsisr.None)
                Assert.Fail($"A page of memory at {address} was taken for a device's.");
        }

        Assert.Fail($"{address} could not be accessed.");
        return false;
    }

    public ulong PageOut(ulong page, ulong count)
    {
        ScenarioThread thread = _thread;
        return Core.PageOut(ref thread, page, count);
    }

    public ulong Share(ulong page, ulong count)
    {
        ScenarioThread thread = _thread;
        return Core.Share(ref thread, page, count);
    }

    public bool PageIn(ulong page, ulong count)
    {
        ScenarioThread thread = _thread;
        Core.PageIn(ref thread, page, count);
        return true;
    }

    public bool Age(ulong page, ulong count)
    {
        ScenarioThread thread = _thread;
        return Core.Age(ref thread, page, count);
    }

    /// <summary>The pages that a harvest reports.</summary>
    public ulong[] Get(int slot, HarvestMethod method, bool vcpusRun)
    {
        ScenarioThread thread = _thread;
        Assert.Equal(Errno.None, Core.GetDirtyLog(ref thread, (uint)slot, _bitmaps[slot], method, vcpusRun, out _));
        ulong first = Core.Slots[slot].BaseGfn;
        return [.. HarvestRig.PagesOf(_bitmaps[slot]).Select(page => first + page)];
    }

    public bool SwitchLog(int slot, bool on)
    {
        ScenarioThread thread = _thread;
        if (on)
            Core.StartLogging(ref thread, Core.Slots[slot]);
        else
            Core.Slots[slot].StopLogging();
        return true;
    }

    public Errno Resize(int order)
    {
        ResizeAnswer answer = default;
        bool ready = SpinWait.SpinUntil(() => (answer = Core.PrepareResize(0, (uint)order)).EstimatedMilliseconds == 0, TimeSpan.FromSeconds(30));
        Assert.True(ready);
        Assert.Equal(Errno.None, answer.Error);
        ScenarioThread thread = _thread;
        return Core.CommitResize(ref thread, 0, (uint)order);
    }

    public void Dispose()
    {
        Core.Dispose();
        _memory.Dispose();
    }
}
