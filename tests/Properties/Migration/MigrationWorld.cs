using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Streams;
using RingKit.Properties.Migration.Small;
using RingKit.Properties.Migration.Streams;

namespace RingKit.Properties.Migration;

/// <summary>A source with a bitmap log, a destination, a clock of its own and a guest that stores when it is told to.</summary>
internal sealed class MigrationWorld : IDisposable
{
    private readonly SimulatedGuest _guest;

    public MigrationWorld(int? filledPages = null, TimeSpan? tick = null, int storesBeforePause = 0, int pages = 64)
    {
        Source.AddSlot(0, 0, (ulong)pages);
        Destination.AddSlot(0, 0, (ulong)pages);
        Source.Slots[0].Memory.AsSpan()[..((filledPages ?? pages) * GuestPage.Size)].Fill(0x11);
        Machine = new VirtualMachine(Source);
        Log = new BitmapDirtyLog(Machine);
        _guest = new SimulatedGuest(Machine, seed: 3) { StoresBeforePause = storesBeforePause };
        Source.Slots[0].Memory.AsSpan().CopyTo(_guest.Model[0]);
        Clock = new FakeClock { Tick = tick ?? TimeSpan.FromMicroseconds(10) };
    }

    public GuestMemory Source { get; } = new();

    public GuestMemory Destination { get; } = new();

    public VirtualMachine Machine { get; }

    public IDirtyLog Log { get; }

    public SimulatedGuest Guest => _guest;

    public FakeClock Clock { get; }

    public List<Loopback> Connections { get; } = [];

    public bool IsEqual => MemoryVerifier.Compare(Source, Destination).IsEqual;

    /// <summary>Stores once to each of so many pages.</summary>
    public void Touch(int pages)
    {
        if (Guest.IsPaused)
            return;
        for (int page = 0; page < pages; page++)
            RingKit.Properties.Guest.GuestAction.Run(Machine.Vcpus[0], vcpu => vcpu.Store((ulong)page << GuestPage.Shift, 0x2222ul));
    }

    public MigrationResult Run(MigrationOptions options, Func<int, Loopback>? connect = null, CancellationToken cancellation = default)
    {
        connect ??= _ => new Loopback(Destination);
        return new PreCopyMigration(Machine, Log, Guest, Connect, options with { Clock = Clock }).Run(cancellation);

        MigrationConnection Connect(int retry)
        {
            Loopback loopback = connect(retry);
            Connections.Add(loopback);
            return loopback.Connect();
        }
    }

    public void Dispose()
    {
        Guest.Dispose();
        Log.Dispose();
        Machine.Dispose();
        Source.Dispose();
        Destination.Dispose();
    }
}
