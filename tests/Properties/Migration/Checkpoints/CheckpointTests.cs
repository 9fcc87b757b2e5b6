using System.Runtime.CompilerServices;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Checkpoints;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Migration.Streams;
using RingKit.Properties.Migration.Small;
using RingKit.Properties.Migration.Streams;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Migration.Checkpoints;

/// <summary>Epochs: the destination stands at the end of a whole one, wherever the stream is cut.</summary>
public sealed class CheckpointTests
{
    private static readonly CheckpointOptions Four = new() { MaximumEpochs = 4, Transfer = new MigrationOptions { BatchPages = 2, AcknowledgedPages = 4 } };

    // Odd, so that the cuts fall on all bytes of a field in one epoch or another.
    private static readonly int Step = LongRun.IsOn ? 1 : 13;

    public static TheoryData<string> Kinds => [.. SmallMachine.All.Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_destination_stands_at_the_last_epoch(string kind)
    {
        using var world = new CheckpointWorld(kind);
        CheckpointResult result = world.Run(Four);
        Assert.Equal((MigrationOutcome.Completed, 4L), (result.Outcome, result.Epochs));
        Assert.Equal([0u, 1u, 2u, 3u], world.Epochs.Select(epoch => epoch.Number));
        Assert.Equal(3u, world.Receiver.LastEpoch);
        Assert.True(world.StandsAtAnEpoch);
        Assert.True(world.IsIntact);
        Assert.Equal(4, world.Guest.Pauses);
    }

    [Fact]
    public void At_any_cut_of_the_stream_the_destination_stands_at_the_end_of_an_epoch()
    {
        long length = LengthOfFour();
        HashSet<uint?> ends = [];
        for (long at = 0; at < length; at += Step)
        {
            using var world = new CheckpointWorld();
            CheckpointResult result = world.Run(Four, _ => world.Loopback(breaksAfter: at));
            Assert.Equal(MigrationOutcome.Failed, result.Outcome);
            Assert.True(world.StandsAtAnEpoch, $"cut at byte {at}, epoch {world.Receiver.LastEpoch}");
            Assert.True(world.IsIntact);
            ends.Add(world.Receiver.LastEpoch);
        }

        Assert.Equal([null, 0u, 1u, 2u], ends.Order());
    }

    [Fact]
    public void At_any_byte_that_is_changed_the_destination_stands_at_the_end_of_an_epoch()
    {
        long length = LengthOfFour();
        for (long at = 0; at < length; at += Step)
        {
            using var world = new CheckpointWorld();
            CheckpointResult result = world.Run(Four, _ => world.Loopback(corruption: (at, (byte)(1 << (int)(at % 8)))));
            Assert.Equal(MigrationOutcome.Failed, result.Outcome);
            Assert.True(world.StandsAtAnEpoch, $"byte {at} changed, epoch {world.Receiver.LastEpoch}");
            Assert.InRange(world.Connections[0].Refusal!.ByteOffset, 0, at);
        }
    }

    [Fact]
    public void After_any_cut_the_epochs_go_on_over_a_new_connection()
    {
        long length = LengthOfFour();
        for (long at = 0; at < length; at += 3 * Step)
        {
            using var world = new CheckpointWorld();
            CheckpointResult result = world.Run(
                Four with { Transfer = Four.Transfer with { Retries = 1 } }, retry => world.Loopback(breaksAfter: retry == 0 ? at : long.MaxValue));
            Assert.Equal((MigrationOutcome.Completed, 4L, 1), (result.Outcome, result.Epochs, result.Retries));
            Assert.True(world.StandsAtAnEpoch, $"cut at byte {at}");
            Assert.Equal(world.Epochs[^1].Number, world.Receiver.LastEpoch);
            Assert.True(world.IsIntact);
        }
    }

    [Fact]
    public void A_full_ring_ends_an_epoch_before_its_time()
    {
        // Of 16 entries, 12 are the soft limit.
        using var many = new GuestMemory();
        many.AddSlot(0, 0, 100);
        using VirtualMachine machine = new(many);
        using var log = new RingDirtyLog(machine, ringEntries: 16, reservedEntries: 4);
        using var destination = new GuestMemory();
        destination.AddSlot(0, 0, 100);
        using var guest = new SimulatedGuest(machine, seed: 2);
        var receiver = new CheckpointReceiver(destination);
        var clock = new FakeClock { Tick = TimeSpan.FromMicroseconds(1), Waiting = () => guest.Store(400) };
        List<CheckpointEpoch> epochs = [];
        var options = new CheckpointOptions { MaximumEpochs = 5, Progress = epochs.Add, Transfer = new MigrationOptions { Clock = clock } };
        CheckpointResult result = new CheckpointReplication(
            machine, log, guest, _ => new Loopback((pages, answers) => receiver.Open(pages, answers, CancellationToken.None)).Connect(), options).Run();
        Assert.Equal((5L, 5L), (result.Epochs, result.EndedByFullRing));
        Assert.All(epochs, epoch => Assert.InRange(epoch.Pages, 8, 16));
        Assert.True(guest.IsIntact(many));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void An_epoch_that_is_larger_than_the_buffer_is_whole_all_the_same(int bufferPages)
    {
        using var world = new CheckpointWorld("flat, bitmap", storesPerEpoch: 60);
        CheckpointResult result = world.Run(Four with { BufferPages = bufferPages });
        Assert.Equal(4, result.Epochs);
        Assert.Contains(world.Epochs, epoch => epoch.Pages > bufferPages);
        Assert.True(world.StandsAtAnEpoch);
    }

    [Fact]
    public void Checkpoints_that_are_cancelled_leave_both_sides_whole()
    {
        for (int at = 1; at < 30; at++)
        {
            using var world = new CheckpointWorld();
            using var cancellation = new CancellationTokenSource();
            int left = at;
            CheckpointResult result = world.Run(
                Four with { MaximumEpochs = null },
                _ => new Loopback((pages, answers) => world.Receiver.Open(pages, answers, CancellationToken.None)) { Writing = Go },
                cancellation.Token);
            Assert.Equal(MigrationOutcome.Cancelled, result.Outcome);
            Assert.True(world.StandsAtAnEpoch);
            Assert.True(world.IsIntact);

            void Go()
            {
                if (--left == 0)
                    cancellation.Cancel();
            }
        }
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name()
    {
        using var world = new CheckpointWorld();
        (string Name, CheckpointOptions Options)[] bad =
        [
            ("EpochLength", new CheckpointOptions { EpochLength = TimeSpan.FromTicks(-1) }),
            ("BufferPages", new CheckpointOptions { BufferPages = 0 }),
            ("LiveRounds", new CheckpointOptions { LiveRounds = 0 }),
            ("MaximumEpochs", new CheckpointOptions { MaximumEpochs = 0 }),
            ("Retries", new CheckpointOptions { Transfer = new MigrationOptions { Retries = -1 } }),
        ];
        foreach ((string name, CheckpointOptions options) in bad)
            Assert.Throws<ArgumentOutOfRangeException>(name, () => new CheckpointReplication(world.Machine, world.Log, world.Guest, _ => world.Loopback().Connect(), options));
    }

    [Fact]
    public void A_migration_and_checkpoints_do_not_mix()
    {
        using var recorded = new RecordedMigration();
        using GuestMemory memory = RecordedMigration.NewMemory();
        var failure = Assert.Throws<MigrationStreamException>(() => new CheckpointReceiver(memory).Receive(new MemoryStream(recorded.Bytes)));
        Assert.Contains("a migration's", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Epochs_only_go_forward_and_are_no_larger_than_the_memory()
    {
        using GuestMemory memory = RecordedMigration.NewMemory();
        var receiver = new CheckpointReceiver(memory);
        Assert.Throws<MigrationStreamException>(() => receiver.Receive(Stream((RecordKind.Epoch, 7))));
        Assert.Equal(7u, receiver.LastEpoch);
        var failure = Assert.Throws<MigrationStreamException>(() => receiver.Receive(Stream((RecordKind.Epoch, 7))));
        Assert.Contains("epoch 7 follows epoch 7", failure.Message, StringComparison.Ordinal);
        Assert.Throws<MigrationStreamException>(() => receiver.Receive(Stream((RecordKind.Epoch, 3))));
        Assert.False(receiver.Receive(Stream((RecordKind.Epoch, 9), (RecordKind.Abandon, 0))).IsComplete);
        Assert.Equal(9u, receiver.LastEpoch);

        MemoryStream Stream(params (RecordKind Kind, uint Number)[] records)
        {
            var stream = new MemoryStream();
            stream.Write(StreamHeader.For(memory));
            byte[] bytes = new byte[MigrationFormat.RecordSize];
            ulong sequence = 0;
            foreach ((RecordKind kind, uint number) in records)
            {
                RecordHeader.Bare(kind, number, 0, ++sequence).Write(bytes);
                stream.Write(bytes);
            }

            stream.Position = 0;
            return stream;
        }
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void An_epoch_of_many_small_batches_has_each_page_once(int more, bool isAccepted)
    {
        using GuestMemory memory = RecordedMigration.NewMemory();
        int pages = memory.Slots.Sum(slot => (int)slot.PageCount) + more;
        using var connection = new MigrationConnection(new MemoryStream());
        var writer = new RecordWriter(connection, Timeout.InfiniteTimeSpan);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        writer.Begin(memory, cancellation);
        writer.WriteAndAwait(RecordKind.Epoch, 0, cancellation);
        var batch = new BatchBuilder(1);
        for (int page = 0; page < pages; page++)
        {
            Assert.Equal(0ul, batch.Add(memory.Slots[0], 0, 1));
            writer.Write(batch, cancellation);
        }

        writer.WriteAndAwait(RecordKind.Epoch, 1, cancellation);
        writer.Abandon(cancellation);
        connection.Pages.Position = 0;
        var receiver = new CheckpointReceiver(memory);
        Exception? refusal = Record.Exception(() => receiver.Receive(connection.Pages, cancellation: cancellation));
        Assert.Equal(isAccepted, refusal is null);
        Assert.Equal(isAccepted ? 1u : 0u, receiver.LastEpoch);
        if (refusal is not null)
            Assert.Contains("more pages than the memory", Assert.IsType<MigrationStreamException>(refusal).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Checkpoints_of_running_vcpus_stand_at_the_end_when_the_guest_rests()
    {
        using var source = new GuestMemory();
        source.AddSlot(0, 0, 400);
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 400);
        using var machine = new VirtualMachine(source, 2);
        using var log = new RingDirtyLog(machine, ringEntries: 64, reservedEntries: 16);
        var ends = new StrongBox<bool>();
        using var guest = new VcpuThreads<EndingStores>(machine, vcpu => new EndingStores(vcpu, ends));
        var receiver = new CheckpointReceiver(memory);
        var connection = new Loopback((pages, answers) => receiver.Open(pages, answers, CancellationToken.None));
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        int rests = 0;

        // The programs end after some epochs; two epochs later all that they stored is there.
        guest.Start();
        CheckpointResult result = new CheckpointReplication(
            machine, log, guest, _ => connection.Connect(), new CheckpointOptions { EpochLength = TimeSpan.FromMilliseconds(5), Progress = epoch => Look(epoch) }).Run(cancellation.Token);
        Assert.Equal(MigrationOutcome.Cancelled, result.Outcome);
        Assert.True(MemoryVerifier.Compare(source, memory) is { IsEqual: true }, MemoryVerifier.Compare(source, memory).ToString());
        Report.Line($"{result.Epochs} epochs, {result.EndedByFullRing} by a full ring, longest pause {result.LongestPause.TotalMilliseconds:F2} ms, {result.PagesSent} pages");

        void Look(CheckpointEpoch epoch)
        {
            ends.Value = epoch.Number >= 50;
            if (guest.HasEnded && ++rests == 2)
                cancellation.Cancel();
        }
    }

    private static long LengthOfFour()
    {
        using var world = new CheckpointWorld();
        Assert.Equal(4, world.Run(Four).Epochs);

        // Without the farewell, which nothing depends on.
        return world.Connections[0].Written - MigrationFormat.RecordSize;
    }

    private struct EndingStores(int vcpu, StrongBox<bool> ends) : IGuestProgram
    {
        private ulong _state = (ulong)vcpu;

        public VcpuExit Step(Vcpu self)
        {
            if (ends.Value)
                return VcpuExit.Halted;
            ulong next = (_state * 6364136223846793005) + 1442695040888963407;
            VcpuExit exit = self.Store(((next >> 33) % (400 * 128) * 32) + ((ulong)vcpu * 8), next);
            if (exit == VcpuExit.None)
                _state = next;
            return exit;
        }
    }
}
