using RingKit.Cli.Commands;
using RingKit.Kvm;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Guests;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.RealGuests;

/// <summary>A guest on the kernel's KVM whose vCPUs store to pages one by one, as lists say. Its programs and the lists are in a slot of their own.</summary>
/// <remarks>Thread role: one thread at a time, the vCPUs' own excepted.</remarks>
internal sealed class ListGuest : IDisposable
{
    private const ushort ProgramSlot = 0;
    private const ushort StoredSlot = 1;

    // Behind what a PC keeps below 4 GiB.
    private const ulong StoredGfn = 1 << 20;

    private readonly GuestMemory _memory = new();
    private readonly KvmGuest _guest;
    private readonly int[] _addresses;
    private readonly ulong _mappedBytes;

    /// <summary>Makes one, or nothing at all. Its log is on and has nothing.</summary>
    /// <param name="options">How it is made.</param>
    /// <param name="pages">The pages of the slot that is stored to.</param>
    /// <param name="lengths">Of each vCPU the longest list that it will have.</param>
    /// <exception cref="CommandException">There is no KVM here.</exception>
    /// <exception cref="GuestFailedException">The kernel refuses something.</exception>
    public ListGuest(KvmGuestOptions options, ulong pages, IReadOnlyList<int> lengths)
    {
        KvmPath.Require(options.Form, options.DevicePath);
        _mappedBytes = (StoredGfn + pages) << GuestPage.Shift;
        int end = GuestProgram.FirstFreePage(GuestMode.Long, _mappedBytes) << GuestPage.Shift;
        _addresses = [.. lengths.Select(length => (end += length * sizeof(ulong)) - (length * sizeof(ulong)))];
        try
        {
            _memory.AddSlot(ProgramSlot, 0, ((ulong)end >> GuestPage.Shift) + 1);
            Stored = _memory.AddSlot(StoredSlot, StoredGfn, pages);
            _guest = KvmGuest.Create(_memory, options);
            _guest.Log.Start();

            // One that has all pages initially has none but those stored to after that.
            _guest.Log.Clear();
        }
        catch (Exception e)
        {
            Dispose();
            if (GuestFailedException.Explains(e))
                throw GuestFailedException.Of(e);
            throw;
        }
    }

    /// <summary>The log.</summary>
    public KvmDirtyLog Log => _guest.Log;

    /// <summary>The vCPUs.</summary>
    public IReadOnlyList<KvmVcpu> Vcpus => _guest.Vcpus;

    /// <summary>The slot that is stored to.</summary>
    public MemorySlot Stored { get; }

    /// <summary>Has a vCPU store to some pages, from its next run on, and halt then.</summary>
    /// <param name="vcpu">The vCPU, outside the guest.</param>
    /// <param name="pages">Pages of <see cref="Stored"/>, at least one, and no more than there is room for.</param>
    /// <param name="turns">Of the empty loop between two stores.</param>
    /// <exception cref="KvmException">The kernel refuses its registers.</exception>
    public void Load(KvmVcpu vcpu, ReadOnlySpan<uint> pages, int turns = GuestStores.SafeTurns)
    {
        ulong[] list = new ulong[pages.Length];
        for (int i = 0; i < list.Length; i++)
            list[i] = StoredGfn + pages[i];
        Errno error = GuestProgram.LoadList(vcpu, _memory.Slots[0].Memory, GuestMode.Long, _mappedBytes, _addresses[(int)vcpu.Id], list, turns);
        if (error != Errno.None)
            throw new KvmException($"The registers of vCPU {vcpu.Id}", error);
    }

    /// <summary>Whether a vCPU has made its stores; if it has not, its ring is full, or it was fetched out.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="exit">Why it has left the guest.</param>
    /// <exception cref="KvmException">It has left for another reason; the message has its registers.</exception>
    public static bool HasHalted(KvmVcpu vcpu, KvmExit exit) => exit.Reason switch
    {
        KvmExitReason.Halted => true,
        KvmExitReason.Interrupted or KvmExitReason.DirtyRingFull => false,
        _ => throw new KvmException($"vCPU {vcpu.Id} left the guest unexpectedly: {exit}\n{vcpu.DumpRegisters()}"),
    };

    /// <summary>Harvests the log, and hands over the pages of <see cref="Stored"/>: the page tables, which the processor marks, are in the other slot.</summary>
    /// <param name="sink">Takes them.</param>
    public void Harvest<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        var stored = new StoredPages<TSink>(sink);
        Log.Harvest(ref stored);
        sink = stored.Sink;
    }

    public void Dispose()
    {
        _guest?.Dispose();
        _memory.Dispose();
    }

    private struct StoredPages<TSink>(TSink sink) : IDirtyPageSink
        where TSink : struct, IDirtyPageSink
    {
        public TSink Sink = sink;

        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
            if (slot.Id == StoredSlot)
                Sink.Accept(slot, baseOffset, mask);
        }
    }
}
