using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.DirtyLogging.Writes;
using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyLogging.Kvm;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Writes;

/// <summary>Writers without a vCPU that call the log itself are at work while it is stopped: what they record for it is not in the next one's harvest.</summary>
public sealed class LateRecordsTests
{
    private static readonly int Rounds = LongRun.IsOn ? 20_000 : 100;

    [Theory]
    [InlineData(VcpulessWrites.Bitmap)]
    [InlineData(VcpulessWrites.LockedRing)]
    public void A_stop_of_the_ring_log_waits_for_records_under_way(VcpulessWrites writes) => Check(
        machine => new RingDirtyLog(machine, ringEntries: 4096, vcpulessWrites: writes),
        (log, slot, page) => ((RingDirtyLog)log).RecordWithoutVcpu(slot, page));

    [Theory]
    [InlineData("rings")]
    [InlineData("rings with bitmaps")]
    [InlineData("bitmaps")]
    public void A_stop_of_kvms_log_waits_for_marks_under_way(string kind) => Check(
        kind switch { "rings" => KvmLogs.Rings, "bitmaps" => KvmLogs.Bitmaps, _ => KvmLogs.RingsWithBitmaps },
        (log, slot, page) => ((KvmDirtyLog)log).MarkPageDirty(slot, page));

    private static void Check(Func<VirtualMachine, IDirtyLog> make, Func<IDirtyLog, MemorySlot, ulong, Errno> record)
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(3, 0, 1000);
        using var machine = new VirtualMachine(memory);
        using var log = (MachineDirtyLog)make(machine);
        using var atWork = new Barrier(participantCount: 3);
        using var done = new ManualResetEventSlim();
        SortedSet<(uint Slot, ulong Offset)> late = [];
        new Crew(TimeSpan.FromSeconds(120)).Run(("writer 0", () => Write(0)), ("writer 1", () => Write(500)), ("who stops", StartAndStop));
        Assert.Empty(late);

        void Write(ulong first)
        {
            for (int round = 0; round < Rounds; round++)
            {
                atWork.SignalAndWait();
                for (ulong page = first; !done.IsSet; page = first + ((page + 1) % 500))
                    record(log, slot, page);
                atWork.SignalAndWait();
                atWork.SignalAndWait();
            }
        }

        void StartAndStop()
        {
            var random = new Random(23);
            for (int round = 0; round < Rounds; round++)
            {
                done.Reset();
                log.Start();
                ulong before = log.RecordsWithoutVcpu;
                atWork.SignalAndWait();
                Assert.True(SpinWait.SpinUntil(() => log.RecordsWithoutVcpu != before, TimeSpan.FromSeconds(20)), "nobody records");
                Thread.SpinWait(random.Next(500));
                log.Stop();
                done.Set();
                atWork.SignalAndWait();

                // Nobody writes.
                log.Start();
                late.UnionWith(DirtySet.Harvest(log));
                log.Stop();
                atWork.SignalAndWait();
            }
        }
    }
}
