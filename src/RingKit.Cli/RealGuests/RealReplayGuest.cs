using RingKit.Cli.Commands;
using RingKit.Cli.Replay;
using RingKit.Cli.Traces;
using RingKit.Kvm;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Guests;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.RealGuests;

/// <summary>A guest on the kernel's KVM that does the stores of a trace one by one, each to the first bytes of its page. It does no loads: they dirty nothing.</summary>
internal sealed class RealReplayGuest : IReplayGuest
{
    // Behind what a PC keeps below 4 GiB.
    private const ulong StoredGfn = 1 << 20;

    // What one run of the vCPU does at most.
    private const int ListEntries = 8192;

    private readonly GuestMemory _memory = new();
    private readonly KvmGuest _guest;
    private readonly ulong[] _list = new ulong[ListEntries];
    private readonly ulong _mappedBytes;
    private readonly int _turns;
    private readonly int _listAddress;

    /// <param name="form">How the kernel tells what is written.</param>
    /// <param name="settings">How it is made.</param>
    /// <exception cref="CommandException">There is no KVM here.</exception>
    /// <exception cref="KvmException">The kernel refuses something.</exception>
    public RealReplayGuest(KvmLogForm form, ReplaySettings settings)
    {
        if (KvmGuest.WhyNot(form, KvmPath.Current) is { } missing)
            throw new CommandException($"no real guest can run here: {missing}");

        // Only a ring has to have time between two stores: a bitmap is never full.
        _turns = form == KvmLogForm.Ring ? GuestStores.SafeTurns : 1;
        _mappedBytes = (StoredGfn + settings.MemoryPages) << GuestPage.Shift;
        int listPage = GuestProgram.FirstFreePage(GuestMode.Long, _mappedBytes);
        _listAddress = listPage << GuestPage.Shift;
        _memory.AddSlot(id: 0, baseGfn: 0, (ulong)listPage + (ListEntries * sizeof(ulong) / GuestPage.Size));
        Slot = _memory.AddSlot(id: 1, StoredGfn, settings.MemoryPages);
        try
        {
            _guest = KvmGuest.Create(_memory, new KvmGuestOptions { Form = form, RingEntries = settings.RingEntries, DevicePath = KvmPath.Current });
            Log.Start();

            // Where all pages are dirty at first.
            Log.Clear();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public MemorySlot Slot { get; }

    public IDirtyLog Log => _guest.Log;

    public void Run(ReadOnlySpan<GuestAccess> accesses, Action harvest)
    {
        int count = 0;
        foreach (ref readonly GuestAccess access in accesses)
        {
            if (access.Kind == TraceAccessKind.Load)
                continue;
            _list[count++] = StoredGfn + (access.Gpa >> GuestPage.Shift);
            if (count < ListEntries)
                continue;
            Store(count, harvest);
            count = 0;
        }

        if (count != 0)
            Store(count, harvest);
    }

    public Stage2Figures? Finish() => null;

    public void Dispose()
    {
        _guest?.Dispose();
        _memory.Dispose();
    }

    private void Store(int count, Action harvest)
    {
        KvmVcpu vcpu = _guest.Vcpus[0];
        Errno error = GuestProgram.LoadList(vcpu, _memory.Slots[0].Memory, GuestMode.Long, _mappedBytes, _listAddress, _list.AsSpan(0, count), _turns);
        if (error != Errno.None)
            throw new KvmException("The registers of vCPU 0", error);
        while (true)
        {
            KvmExit exit = vcpu.Run();
            switch (exit.Reason)
            {
                case KvmExitReason.Halted:
                    return;
                case KvmExitReason.DirtyRingFull:
                    harvest();
                    break;
                case KvmExitReason.Interrupted:
                    break;
                default:
                    throw new KvmException($"vCPU 0 left the guest unexpectedly: {exit}\n{vcpu.DumpRegisters()}");
            }
        }
    }
}
