using RingKit.Cli.RealGuests;
using RingKit.Kvm;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Guests;
using RingKit.Mmu;
using RingKit.Mmu.Guest;

namespace RingKit.Bench.Kvm;

/// <summary>A real guest that stores once to each of some pages, whenever it is asked to. Its program, its page tables and the list of pages are in a slot of their own.</summary>
internal sealed class StoringGuest : IDisposable
{
    /// <summary>The slot that is stored to. It begins behind what a PC keeps below 4 GiB.</summary>
    public const ushort StoredSlot = 1;

    // All stores go to so many pages at the slot's beginning, however large it is: 128 MiB that the host has to find, also where it gives huge pages.
    private const int Window = 1 << 15;

    private const ulong StoredGfn = 1 << 20;
    private const int List = 1 << 16;
    private readonly GuestMemory _memory = new();
    private readonly ulong[] _pages;
    private readonly ulong _mappedBytes;

    /// <summary>Makes it; its log is on.</summary>
    /// <param name="bytes">The slot's size.</param>
    /// <param name="dirty">How many pages it stores to, anywhere in the window.</param>
    /// <param name="form">The log.</param>
    /// <param name="ringEntries">Entries of its ring.</param>
    public StoringGuest(ulong bytes, int dirty, KvmLogForm form, int ringEntries)
    {
        ulong pages = bytes >> GuestPage.Shift;
        int[] window = [.. Enumerable.Range(0, (int)Math.Min(pages, Window))];
        new Random(2020).Shuffle(window);
        _pages = [.. window.Take(dirty).Select(page => StoredGfn + (ulong)page)];
        _mappedBytes = (StoredGfn + pages) << GuestPage.Shift;
        _memory.AddSlot(0, 0, (ulong)(List + (dirty * sizeof(ulong)) + GuestPage.Size) >> GuestPage.Shift);
        _memory.AddSlot(StoredSlot, StoredGfn, pages);
        try
        {
            Guest = KvmGuest.Create(_memory, new KvmGuestOptions { Form = form, RingEntries = ringEntries, DevicePath = KvmPath.Current });
        }
        catch
        {
            _memory.Dispose();
            throw;
        }

        Guest.Log.Start();
    }

    /// <summary>The guest.</summary>
    public KvmGuest Guest { get; }

    /// <summary>Its vCPU.</summary>
    public KvmVcpu Vcpu => Guest.Vcpus[0];

    /// <summary>Stores to each page once. The ring must have room.</summary>
    public void Store()
    {
        Errno error = GuestProgram.LoadList(Vcpu, _memory.Slots[0].Memory, GuestMode.Long, _mappedBytes, List, _pages);
        if (error != Errno.None)
            throw new KvmException("The vCPU's registers", error);
        KvmExit exit;
        do
            exit = Vcpu.Run();
        while (exit.Reason == KvmExitReason.Interrupted);
        if (exit.Reason != KvmExitReason.Halted)
            throw new KvmException($"The guest left with {exit}.\n{Vcpu.DumpRegisters()}");
    }

    public void Dispose()
    {
        Guest.Dispose();
        _memory.Dispose();
    }
}
