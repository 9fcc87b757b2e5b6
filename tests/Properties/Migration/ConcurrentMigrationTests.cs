using System.IO.Pipes;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Migration.Streams;
using RingKit.Mmu.Throttling;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Migration;

/// <summary>vCPUs on threads of their own, a destination on another, and a real stream between.</summary>
public sealed class ConcurrentMigrationTests : IDisposable
{
    private const ulong PageCount = 600;

    private readonly GuestMemory _source = NewMemory();
    private readonly GuestMemory _destination = NewMemory();

    public static TheoryData<string> Kinds => [.. SmallMachine.All.Select(kind => kind.Name)];

    public void Dispose()
    {
        _source.Dispose();
        _destination.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Memory_is_equal_at_the_end_over_tcp(string name)
    {
        (VirtualMachine machine, IDirtyLog log) = Make(name);
        using (machine)
        using (log)
        using (var destination = new Destination(_destination))
        using (VcpuThreads<EndlessStores> guest = Start(machine))
        {
            MigrationResult result = new PreCopyMigration(
                machine, log, guest, _ => destination.Connect(), new MigrationOptions { MaximumRounds = 6, DowntimeLimit = TimeSpan.FromMilliseconds(1), BatchPages = 16 }).Run(Token);
            Assert.True(destination.IsComplete());
            CheckCompleted(result, guest);
            Report.Line($"{name}: {result.Rounds.Count} rounds, {result.PagesSent} pages, {result.FullRings} full rings, downtime {result.Downtime.TotalMilliseconds:F1} ms");
        }
    }

    [Theory]
    [InlineData("flat, ring")]
    [InlineData("stage 2, bitmap")]
    public void Connections_that_break_are_taken_up_again(string name)
    {
        (VirtualMachine machine, IDirtyLog log) = Make(name);
        using (machine)
        using (log)
        using (var destination = new Destination(_destination))
        using (VcpuThreads<EndlessStores> guest = Start(machine))
        {
            var options = new MigrationOptions { MaximumRounds = 20, DowntimeLimit = TimeSpan.Zero, BatchPages = 16, AcknowledgedPages = 64, Retries = 5 };
            MigrationResult result = new PreCopyMigration(
                machine, log, guest, retry => destination.Connect(retry < 5 ? 100_000 * (retry + 1) : long.MaxValue), options).Run(Token);
            Assert.True(destination.IsComplete());
            Assert.Equal(5, result.Retries);
            Assert.IsType<IOException>(result.Failure);
            CheckCompleted(result, guest);
        }
    }

    [Fact]
    public void Memory_is_equal_at_the_end_over_pipes()
    {
        (VirtualMachine machine, IDirtyLog log) = Make("flat, ring");
        using (machine)
        using (log)
        using (var pages = new AnonymousPipeServerStream(PipeDirection.Out))
        using (var arriving = new AnonymousPipeClientStream(PipeDirection.In, pages.ClientSafePipeHandle))
        using (var answers = new AnonymousPipeServerStream(PipeDirection.Out))
        using (var answered = new AnonymousPipeClientStream(PipeDirection.In, answers.ClientSafePipeHandle))
        using (VcpuThreads<EndlessStores> guest = Start(machine))
        {
            var receiver = new MigrationReceiver(_destination);
            var receiving = new Thread(() => receiver.Receive(arriving, answers, Token)) { IsBackground = true };
            receiving.Start();
            MigrationResult result = new PreCopyMigration(machine, log, guest, _ => new MigrationConnection(pages, answered)).Run(Token);
            Assert.True(receiving.Join(TimeSpan.FromSeconds(60)));
            Assert.True(receiver.IsComplete);
            CheckCompleted(result, guest);
        }
    }

    [Fact]
    public void Memory_is_equal_at_the_end_over_a_file()
    {
        string path = Path.GetTempFileName();
        try
        {
            (VirtualMachine machine, IDirtyLog log) = Make("flat, bitmap");
            using (machine)
            using (log)
            using (VcpuThreads<EndlessStores> guest = Start(machine))
            {
                MigrationResult result;
                using (var file = new FileStream(path, FileMode.Create))
                    result = new PreCopyMigration(machine, log, guest, _ => new MigrationConnection(file)).Run(Token);
                using (var file = new FileStream(path, FileMode.Open))
                    Assert.True(new MigrationReceiver(_destination).Receive(file).IsComplete);
                Assert.Equal(new FileInfo(path).Length, result.BytesSent);
                CheckCompleted(result, guest);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_migration_that_waits_for_a_destination_that_reads_nothing_can_be_cancelled()
    {
        (VirtualMachine machine, IDirtyLog log) = Make("flat, ring");
        using (machine)
        using (log)
        using (var pages = new AnonymousPipeServerStream(PipeDirection.Out))
        using (var arriving = new AnonymousPipeClientStream(PipeDirection.In, pages.ClientSafePipeHandle))
        using (var answers = new AnonymousPipeServerStream(PipeDirection.Out))
        using (var answered = new AnonymousPipeClientStream(PipeDirection.In, answers.ClientSafePipeHandle))
        using (VcpuThreads<EndlessStores> guest = Start(machine))
        using (var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(200)))
        {
            MigrationResult result = new PreCopyMigration(machine, log, guest, _ => new MigrationConnection(pages, answered)).Run(cancellation.Token);
            Assert.Equal(MigrationOutcome.Cancelled, result.Outcome);
            Assert.DoesNotContain(machine.Memory.Slots, slot => slot.LogsDirtyPages);
            CheckGoesOn(guest);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_guest_that_is_too_fast_is_held_back_until_it_is_not(bool byQuota)
    {
        (VirtualMachine machine, IDirtyLog log) = Make("flat, bitmap");
        using var byTime = new AutoConvergeThrottle(machine);
        using var quota = new DirtyQuotaThrottle(machine, TimeSpan.FromMilliseconds(10));
        IGuestThrottle throttle = byQuota ? new QuotaThrottle(quota, machine.Vcpus.Length) : new TimeThrottle(byTime);
        using (machine)
        using (log)
        using (var destination = new Destination(_destination))
        using (VcpuThreads<EndlessStores> guest = Start(machine, byQuota ? quota : byTime))
        {
            // 10 MB/s: all pages take 240 ms, in which all are written again.
            var options = new MigrationOptions { BandwidthLimit = 10_000_000, DowntimeLimit = TimeSpan.FromMilliseconds(100), MaximumRounds = 100, AtMaximumRounds = RoundLimitPolicy.GiveUp };
            MigrationResult result = new PreCopyMigration(machine, log, guest, _ => destination.Connect(), options) { Throttle = throttle }.Run(Token);
            Report.Line($"{(byQuota ? "quota" : "time")}: {result.Outcome} after {result.Rounds.Count} rounds, level {result.Rounds.Max(round => round.ThrottleLevel)} %");
            Assert.Contains(result.Rounds, round => round.ThrottleLevel > 0);
            Assert.Equal(0, throttle.Level);
            Assert.True(result.Outcome is MigrationOutcome.Completed or MigrationOutcome.NotConverged);
            if (result.Outcome == MigrationOutcome.Completed)
                CheckCompleted(result, guest);
            else
                CheckGoesOn(guest);
            if (byQuota)
                Assert.Equal(MigrationOutcome.Completed, result.Outcome);
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static GuestMemory NewMemory()
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, PageCount);
        memory.AddSlot(1, 1 << 16, 100);
        return memory;
    }

    private static VcpuThreads<EndlessStores> Start(VirtualMachine machine, VcpuThrottle? throttle = null)
    {
        var guest = new VcpuThreads<EndlessStores>(machine, vcpu => new EndlessStores(PageCount, vcpu)) { Throttle = throttle };
        guest.Start();
        return guest;
    }

    private (VirtualMachine Machine, IDirtyLog Log) Make(string name)
    {
        SmallMachine kind = SmallMachine.All.Single(kind => kind.Name == name);
        VirtualMachine machine = kind.MakeMachine(_source, 2);
        return (machine, kind.MakeLog(machine));
    }

    private void CheckCompleted(MigrationResult result, VcpuThreads<EndlessStores> guest)
    {
        Assert.Equal(MigrationOutcome.Completed, result.Outcome);
        Assert.True(result.Rounds[^1].IsFinal);
        Assert.True(MemoryVerifier.Compare(_source, _destination) is { IsEqual: true }, MemoryVerifier.Compare(_source, _destination).ToString());
        Assert.True(guest.ProgramOf(0).Stores > 0);
        guest.Resume();
        CheckGoesOn(guest);
    }

    private static void CheckGoesOn(VcpuThreads<EndlessStores> guest)
    {
        guest.Pause();
        ulong before = guest.ProgramOf(0).Stores;
        guest.Resume();
        Assert.True(SpinWait.SpinUntil(() => StoresOf(guest) > before, TimeSpan.FromSeconds(60)), "The guest does not go on.");
        guest.Stop();
    }

    private static ulong StoresOf(VcpuThreads<EndlessStores> guest)
    {
        guest.Pause();
        ulong stores = guest.ProgramOf(0).Stores;
        guest.Resume();
        Thread.Yield();
        return stores;
    }

    private struct EndlessStores(ulong pages, int vcpu) : IGuestProgram
    {
        private ulong _state = (ulong)vcpu + 2019;

        public ulong Stores { get; private set; }

        public VcpuExit Step(Vcpu self)
        {
            // Each vCPU has words of its own, so the last store to each is somebody's last.
            ulong next = (_state * 6364136223846793005) + 1442695040888963407, word = (next >> 33) % (pages * (GuestPage.Size / 32));
            VcpuExit exit = self.Store((word * 32) + ((ulong)vcpu * 8), next);
            if (exit != VcpuExit.None)
                return exit;
            _state = next;
            Stores++;
            return VcpuExit.None;
        }
    }
}
