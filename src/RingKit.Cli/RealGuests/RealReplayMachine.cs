using RingKit.Cli.Replay;
using RingKit.Cli.Traces;
using RingKit.Kvm;
using RingKit.Kvm.DirtyLogging;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.RealGuests;

/// <summary>A guest on the kernel's KVM, to which the stores of a trace happen.</summary>
/// <remarks>In each interval its vCPU stores once to each page, in the order of the trace's first stores to them: no log is told of more. It loads nothing.</remarks>
internal sealed class RealReplayMachine : ReplayMachine
{
    private const int MostStores = 4096;

    private readonly ListGuest _guest;
    private readonly PageSet _storedInInterval = new();
    private readonly uint[] _list = new uint[MostStores];
    private int _count;

    /// <param name="logName">The log's name.</param>
    /// <param name="form">How the kernel tells what is written.</param>
    /// <param name="settings">How the guest is made.</param>
    /// <exception cref="Commands.CommandException">There is no KVM here.</exception>
    /// <exception cref="GuestFailedException">The kernel refuses something.</exception>
    public RealReplayMachine(string logName, KvmLogForm form, ReplaySettings settings)
        : base(logName)
    {
        _guest = new ListGuest(form, settings.MemoryPages, settings.RingEntries, [MostStores]);
        BeginIntervals();
    }

    /// <inheritdoc/>
    public override MemorySlot Slot => _guest.Stored;

    private protected override IDirtyLog Log => _guest.Log;

    /// <inheritdoc/>
    /// <exception cref="GuestFailedException">The guest did what it should not.</exception>
    public override void Run(ReadOnlySpan<GuestAccess> accesses)
    {
        foreach (ref readonly GuestAccess access in accesses)
        {
            ulong page = access.Gpa >> GuestPage.Shift;
            if (access.Kind == TraceAccessKind.Load || _storedInInterval.Contains(page))
                continue;
            _storedInInterval.Add(page);
            _list[_count++] = (uint)page;
            if (_count == MostStores)
                Store();
        }

        Store();
    }

    /// <inheritdoc/>
    public override void Harvest() => Attempt(() =>
    {
        var sink = new Sink(DirtyPages);
        _guest.Harvest(ref sink);
    });

    public override void EndInterval(long stores)
    {
        base.EndInterval(stores);
        _storedInInterval.Clear();
    }

    public override void Dispose() => _guest.Dispose();

    private void Store()
    {
        if (_count != 0)
            Attempt(StoreList);
        _count = 0;
    }

    private void StoreList()
    {
        KvmVcpu vcpu = _guest.Vcpus[0];
        _guest.Load(vcpu, _list.AsSpan(0, _count));
        for (KvmExit exit = vcpu.Run(); !ListGuest.HasHalted(vcpu, exit); exit = vcpu.Run())
        {
            if (exit.Reason != KvmExitReason.DirtyRingFull)
                continue;
            RingFullExits++;
            Harvest();
        }
    }

    private static void Attempt(Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (GuestFailedException.Explains(e))
        {
            throw GuestFailedException.Of(e);
        }
    }

    private readonly struct Sink(PageSet pages) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => pages.Add(baseOffset, mask);
    }
}
