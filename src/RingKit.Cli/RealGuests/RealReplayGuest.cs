using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Cli.Traces;
using RingKit.Kvm;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.DirtyLogging.Adaptive;
using RingKit.Kvm.Guests;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.RealGuests;

/// <summary>A guest on the kernel's KVM that does the stores of a trace one by one, each to the first bytes of its page. It does no loads: they dirty nothing.</summary>
internal sealed class RealReplayGuest : IReplayGuest
{
    // What one run of the vCPU does at most.
    private const int ListEntries = 8192;

    private readonly ListGuest _guest;
    private readonly uint[] _list = new uint[ListEntries];
    private readonly int _turns;

    /// <param name="log">How the kernel tells what is written.</param>
    /// <param name="settings">How it is made.</param>
    /// <exception cref="Commands.CommandException">There is no KVM here.</exception>
    /// <exception cref="GuestFailedException">The kernel refuses something.</exception>
    public RealReplayGuest(LogChoice log, ReplaySettings settings)
    {
        // Only a ring has to have time between two stores: a bitmap is never full.
        _turns = log.RealForm == KvmLogForm.Ring ? GuestStores.SafeTurns : 1;
        _guest = new ListGuest(log.RealOptions(vcpus: 1, settings.RingEntries, new KvmFormRule()), settings.MemoryPages, [ListEntries]);
    }

    public MemorySlot Slot => _guest.Stored;

    public IDirtyLog Log => _guest.Log;

    public void Run(ReadOnlySpan<GuestAccess> accesses, Action harvest)
    {
        int count = 0;
        foreach (ref readonly GuestAccess access in accesses)
        {
            if (access.Kind == TraceAccessKind.Load)
                continue;
            _list[count++] = (uint)(access.Gpa >> GuestPage.Shift);
            if (count < ListEntries)
                continue;
            Store(count, harvest);
            count = 0;
        }

        if (count != 0)
            Store(count, harvest);
    }

    public Stage2Figures? Finish() => null;

    public void Dispose() => _guest.Dispose();

    private void Store(int count, Action harvest)
    {
        KvmVcpu vcpu = _guest.Vcpus[0];
        _guest.Load(vcpu, _list.AsSpan(0, count), _turns);
        for (KvmExit exit = vcpu.Run(); !ListGuest.HasHalted(vcpu, exit); exit = vcpu.Run())
        {
            if (exit.Reason == KvmExitReason.DirtyRingFull)
                harvest();
        }
    }
}
