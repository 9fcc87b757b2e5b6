using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Checkpoints;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Migration.Streams;
using RingKit.Properties.Migration.Small;
using RingKit.Properties.Migration.Streams;

namespace RingKit.Properties.Migration.Checkpoints;

/// <summary>A small guest whose memory is remembered at each epoch's end, and a destination of its checkpoints.</summary>
internal sealed class CheckpointWorld : IDisposable
{
    private readonly GuestMemory _source = NewMemory();
    private readonly RememberingGuest _guest;

    public CheckpointWorld(string kind = "flat, ring", ulong seed = 5, int storesPerEpoch = 6)
    {
        SmallMachine small = SmallMachine.All.Single(one => one.Name == kind);
        Machine = small.MakeMachine(_source, 1);
        Log = small.MakeLog(Machine);
        Guest = new SimulatedGuest(Machine, seed);
        _guest = new RememberingGuest(this);
        Receiver = new CheckpointReceiver(Destination);
        Clock = new FakeClock { Tick = TimeSpan.FromMicroseconds(1), Waiting = () => Guest.Store(storesPerEpoch) };
        Guest.Store(4);
    }

    public GuestMemory Destination { get; } = NewMemory();

    public VirtualMachine Machine { get; }

    public IDirtyLog Log { get; }

    public SimulatedGuest Guest { get; }

    public CheckpointReceiver Receiver { get; }

    public FakeClock Clock { get; }

    /// <summary>The memory at the end of each epoch that was tried.</summary>
    public List<byte[]> Ends { get; } = [];

    public List<CheckpointEpoch> Epochs { get; } = [];

    public List<Loopback> Connections { get; } = [];

    /// <summary>Whether the destination is what the source was at the end of the epoch that it says; true before the first.</summary>
    public bool StandsAtAnEpoch => Receiver.LastEpoch is not uint last || BytesOf(Destination).AsSpan().SequenceEqual(Ends[(int)last]);

    public bool IsIntact => Guest.IsIntact(_source) && !Guest.IsPaused && _source.Slots.All(slot => !slot.LogsDirtyPages);

    public CheckpointResult Run(CheckpointOptions options, Func<int, Loopback>? connect = null, CancellationToken cancellation = default)
    {
        options = options with { Progress = Epochs.Add, Transfer = options.Transfer with { Clock = Clock, Progress = _ => Guest.Store(1) } };
        return new CheckpointReplication(Machine, Log, _guest, Connect, options).Run(cancellation);

        MigrationConnection Connect(int retry)
        {
            Connections.Add(connect?.Invoke(retry) ?? Loopback());
            return Connections[^1].Connect();
        }
    }

    public Loopback Loopback(long breaksAfter = long.MaxValue, (long Offset, byte Change)? corruption = null) =>
        new((pages, answers) => Receiver.Open(pages, answers, CancellationToken.None)) { BreaksAfter = breaksAfter, Corruption = corruption };

    public void Dispose()
    {
        Guest.Dispose();
        Log.Dispose();
        Machine.Dispose();
        _source.Dispose();
        Destination.Dispose();
    }

    private static GuestMemory NewMemory()
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, 3);
        memory.AddSlot(1, 50, 2);
        return memory;
    }

    private static byte[] BytesOf(GuestMemory memory) => [.. memory.Slots.SelectMany(slot => slot.Memory.AsSpan().ToArray())];

    private sealed class RememberingGuest(CheckpointWorld world) : IGuestRunner
    {
        public IFullRingServer? FullRings
        {
            get => world.Guest.FullRings;
            set => world.Guest.FullRings = value;
        }

        public TimeSpan StallTime => TimeSpan.Zero;

        public void Pause()
        {
            world.Guest.Pause();
            world.Ends.Add(BytesOf(world._source));
        }

        public void Resume() => world.Guest.Resume();
    }
}
