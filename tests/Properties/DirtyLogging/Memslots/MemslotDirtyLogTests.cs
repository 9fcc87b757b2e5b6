using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Stage2.Machine;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Memslots;

/// <summary>KVM's calls on a machine: ids, modes, the order of errors; and blocks that come and go with the log.</summary>
public sealed class MemslotDirtyLogTests : IDisposable
{
    private readonly GuestMemory _memory = new();
    private VirtualMachine? _machine;

    public MemslotDirtyLogTests()
    {
        _memory.AddSlot(3, 0, 1000);
        _memory.AddSlot(9, 0x1000, 1024);
    }

    public void Dispose()
    {
        _machine?.DirtyLog?.Dispose();
        _machine?.Dispose();
        _memory.Dispose();
    }

    [Fact]
    public void Ids_are_checked_first_then_the_alignment_then_the_log()
    {
        MemslotDirtyLog log = Make(new MemslotLogOptions());
        byte[] bytes = new byte[128];
        Assert.Equal(Errno.NoEntry, log.GetDirtyLog(3, bytes));
        Assert.Equal(Errno.NoEntry, log.GetDirtyLog(4, bytes));
        foreach (uint id in (uint[])[0x1_0003, MemslotDirtyLog.MaximumSlots, 0xFFFF, uint.MaxValue])
        {
            Assert.Equal(Errno.Invalid, log.GetDirtyLog(id, bytes));
            Assert.Equal(Errno.Invalid, log.ClearDirtyLog(id, 0, 64, bytes));
        }

        Assert.Equal(Errno.Invalid, log.ClearDirtyLog(4, 1, 64, bytes));
        Assert.Equal(Errno.NoEntry, log.ClearDirtyLog(4, 64, 63, bytes));
        Assert.Equal(Errno.Invalid, log.ClearDirtyLog(3, 1, 64, bytes));
        Assert.Equal(Errno.NoEntry, log.ClearDirtyLog(3, 0, 63, bytes));
        log.Start();
        Assert.Equal(Errno.Invalid, log.ClearDirtyLog(3, 0, 63, bytes));
        Assert.Equal(Errno.BadAddress, log.ClearDirtyLog(3, 0, 1000, bytes.AsSpan(1)));
        Assert.Equal(Errno.BadAddress, log.GetDirtyLog(3, bytes.AsSpan(1)));
        Assert.Equal(Errno.None, log.GetDirtyLog(3, bytes));
    }

    [Fact]
    public void The_mode_can_be_changed_while_the_log_runs()
    {
        MemslotDirtyLog log = Make(new MemslotLogOptions());
        foreach (ulong bits in (ulong[])[2, 4, 5, 1ul << 32, (1ul << 32) + 1, ulong.MaxValue])
            Assert.Equal(Errno.Invalid, log.EnableManualProtect(bits));
        log.Start();
        Store(5);
        Assert.Equal(Errno.None, log.EnableManualProtect(1));
        Assert.Equal(ManualProtect.Enabled, log.ManualProtect);
        Assert.Equal([5ul], Get(log));
        Assert.Equal([5ul], Get(log));
        Assert.Equal(Errno.None, log.EnableManualProtect(0));
        Assert.Equal([5ul], Get(log));
        Assert.Empty(Get(log));

        Assert.Equal(Errno.None, log.EnableManualProtect(3));
        Assert.Empty(Get(log));
        log.Stop();
        log.Start();
        Assert.Equal(1000, Get(log).Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_clear_that_follows_a_fetch_loses_no_store(bool isStage2)
    {
        MemslotDirtyLog log = Make(new MemslotLogOptions { ManualProtect = ManualProtect.Enabled, Protection = MaskedProtection.Span }, isStage2);
        log.Start();
        Store(64, 70, 100);
        Assert.Equal([64ul, 70, 100], Get(log));
        Assert.Equal(Errno.None, log.ClearDirtyLog(3, 64, 64, KvmBytes.Of(64, 64, 64, 100)));
        ulong faults = log.Statistics.Faults;
        Assert.Equal([70ul], Get(log));

        // Page 70 lies in the span: it faults again, needlessly.
        Store(70);
        Assert.Equal(1ul, log.Statistics.Faults - faults);
        Store(100);
        Assert.Equal([70ul, 100], Get(log));
    }

    // The kernel's page-splitting test: with eager splitting no block is left when the log runs, and afterwards all come back.
    [Theory]
    [InlineData(ManualProtect.None)]
    [InlineData(ManualProtect.Enabled)]
    [InlineData(ManualProtect.Enabled | ManualProtect.InitiallySet)]
    public void Blocks_are_pages_while_the_log_runs_and_blocks_again_after(ManualProtect mode)
    {
        MemslotDirtyLog log = Make(new MemslotLogOptions { ManualProtect = mode }, isStage2: true, chunk: 1 << 21);
        ulong[] touched = [0x1000, 0x1234, 0x13FF];
        Store(touched);
        Assert.Equal((2, 0), Leaves());
        log.Start();
        bool isLazy = (mode & ManualProtect.InitiallySet) != ManualProtect.None;
        Assert.Equal(isLazy ? (2, 0) : (0, 1024), Leaves());
        if (mode == ManualProtect.None)
            Assert.Empty(Get(log, 9));
        else
            Assert.Equal(Errno.None, log.ClearDirtyLog(9, 0, 1024, [.. Enumerable.Repeat((byte)0xFF, 128)]));
        Assert.Equal((0, 1024), Leaves());

        Store(touched);
        Assert.Equal(touched.Select(gfn => gfn - 0x1000), Get(log, 9));
        log.Stop();
        Store(0x1001, 0x1201);
        Assert.Equal((2, 0), Leaves());
    }

    private MemslotDirtyLog Make(MemslotLogOptions options, bool isStage2 = false, ulong chunk = 0)
    {
        _machine = isStage2
            ? new VirtualMachine(_memory, 1, new Stage2Options { EagerSplitChunk = chunk })
            : new VirtualMachine(_memory, 1);
        return new MemslotDirtyLog(_machine, options);
    }

    private void Store(params ulong[] gfns)
    {
        foreach (ulong gfn in gfns)
            Assert.Equal(VcpuExit.None, GuestAction.Run(_machine!.Vcpus[0], vcpu => vcpu.Store(gfn << 12, gfn)));
    }

    private static List<ulong> Get(MemslotDirtyLog log, uint slot = 3)
    {
        byte[] bytes = new byte[128];
        Assert.Equal(Errno.None, log.GetDirtyLog(slot, bytes));
        return KvmBytes.Pages(bytes);
    }

    // Of slot 9, which has two blocks: blocks and pages.
    private (int Blocks, int Pages) Leaves()
    {
        (int blocks, int pages) = (0, 0);
        ((Stage2Mmu)_machine!.Mmu).Hypervisor.Table.Visit((ipa, level, entry) =>
        {
            if (ipa < 0x100_0000 || !entry.IsLeafAt(level))
                return;
            blocks += level == Stage2Geometry.LastLevel ? 0 : 1;
            pages += level == Stage2Geometry.LastLevel ? 1 : 0;
        });
        return (blocks, pages);
    }
}
