using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Resizing;
using RingKit.Ordering;
using Xunit;
using static RingKit.Properties.HashTable.FaultMachine;

namespace RingKit.Properties.HashTable;

/// <summary>Another table in place of the one in use, and the same one emptied.</summary>
public sealed class ResizeTests
{
    [Fact]
    public void Every_bolted_entry_is_found_after_resizes_up_and_down()
    {
        var random = new Random(20171105);
        foreach (bool isa30 in (bool[])[false, true])
        {
            using var machine = new FaultMachine(new() { PageShift = 12, Order = 22, Isa30 = isa30 }, pages: 8192);
            var bolted = new List<(VirtualAddress Address, Hpte Entry)>();
            for (int i = 0; i < 120; i++)
            {
                bool tebibyte = random.Next(2) == 1;
                (int shift, ulong r) = random.Next(3) switch { 0 => (12, 0x1192UL), 1 => (16, 0x11192UL), _ => (24, 0x1000192UL) };
                ulong vsid = (ulong)random.NextInt64() & ((1UL << (tebibyte ? 24 : 36)) - 1);
                var address = new VirtualAddress(vsid, (ulong)random.NextInt64(), shift, tebibyte);
                bool secondary = random.Next(2) == 1;
                bool stays = random.Next(4) != 0;
                ulong index = machine.Enter(address, r, i & 7, stays ? HpteV.Bolted : 0, secondary);
                if (stays)
                    bolted.Add((address, machine.Entry(index)));
            }

            foreach (uint order in (uint[])[25, 20, 18])
            {
                Errno answer = Resize(machine, order);
                Assert.True(answer == Errno.None || (answer == Errno.NoSpace && order == 18), $"{answer} at {order}");
                FaultThread thread = machine.Thread;
                foreach ((VirtualAddress address, Hpte entry) in bolted)
                {
                    Assert.True(machine.Core.TryFindAndLock(ref thread, address, HpteV.Absent, out ulong at, out Hpte found));
                    machine.Core.Table.Unlock(at, found.V);
                    Assert.Equal((entry.V & ~HpteV.Valid) | HpteV.Absent, found.V);
                }

                Assert.Equal(bolted.Count, Present(machine));
                ChainInvariant.Check(machine.Core);
            }
        }
    }

    [Fact]
    public void A_preparation_is_answered_as_kvm_answers_it()
    {
        using var machine = new FaultMachine(new() { PageShift = 16, Order = 18 });
        foreach (uint order in (uint[])[1, 17, 37, uint.MaxValue])
        {
            Assert.Equal(new ResizeAnswer(Errno.Invalid), machine.Core.PrepareResize(0, order));
            Assert.Equal(Errno.Invalid, Commit(machine, order));
        }

        Assert.Equal(new ResizeAnswer(Errno.Invalid), machine.Core.PrepareResize(1, 19));
        Assert.Equal(new ResizeAnswer(Errno.None), machine.Core.PrepareResize(0, 0));
        Assert.Equal(Errno.NoDevice, Commit(machine, 0));
        Assert.Equal(Errno.NoDevice, Commit(machine, 19));

        Assert.Equal(new ResizeAnswer(Errno.None, 100), machine.Core.PrepareResize(0, 20));
        Assert.Equal(new ResizeAnswer(Errno.None, 100), machine.Core.PrepareResize(0, 19));
        Prepare(machine, 19);
        Assert.Equal(Errno.NoDevice, Commit(machine, 20));
        Assert.Equal(Errno.NoDevice, Commit(machine, 19));
        Prepare(machine, 19);
        Assert.Equal(new ResizeAnswer(Errno.None), machine.Core.PrepareResize(0, 0));
        Assert.Equal(Errno.NoDevice, Commit(machine, 19));
        Assert.Equal(Errno.None, Resize(machine, 19));
        Assert.Equal(Errno.NoDevice, Commit(machine, 19));
        Assert.Equal(19, machine.Core.Table.Geometry.Order);
    }

    [Fact]
    public void A_commit_does_not_wait_for_the_preparation()
    {
        using var machine = new FaultMachine(new() { PageShift = 16, Order = 18 });
        using var gate = new ManualResetEventSlim();
        using var made = new ManualResetEventSlim();
        HptInfo<HardwareOrdering>? late = null;
        machine.Core.MakeTable = order =>
        {
            gate.Wait();
            late = new HptInfo<HardwareOrdering>(new HptGeometry(order), machine.Core.Format, isa30: false);
            made.Set();
            return late;
        };
        Assert.Equal(100, machine.Core.PrepareResize(0, 19).EstimatedMilliseconds);
        Assert.Equal(100, machine.Core.PrepareResize(0, 19).EstimatedMilliseconds);
        Assert.Equal(Errno.Busy, Commit(machine, 19));
        Assert.Equal(Errno.NoDevice, Commit(machine, 19));
        gate.Set();
        Assert.True(made.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal(18, machine.Core.Table.Geometry.Order);
    }

    [Fact]
    public void A_table_for_which_there_is_no_memory_is_reported_once()
    {
        using var machine = new FaultMachine(new() { PageShift = 16, Order = 18 });
        machine.Core.MakeTable = _ =>
        {
            using var impossible = new NativeBlock<ulong>((nuint)1 << 59);
            throw new InvalidOperationException("There was memory.");
        };
        Assert.Equal(Errno.NoMemory, Prepare(machine, 19));
        Assert.Equal(100, machine.Core.PrepareResize(0, 19).EstimatedMilliseconds);
        FaultThread thread = machine.Thread;
        Assert.Equal(Errno.NoMemory, machine.Core.AllocateTable(ref thread, 19, vcpusRun: false));
        Assert.Equal(Errno.None, machine.Core.AllocateTable(ref thread, 18, vcpusRun: false));
    }

    [Fact]
    public void A_reset_forgets_entries_chains_and_c()
    {
        foreach (int order in (int[])[18, 19])
        {
            using var machine = new FaultMachine(new() { PageShift = 16, Order = 18 });
            machine.Enter(X, XGuestR);
            machine.Enter(X, XGuestR, slotInGroup: 1, secondary: true);
            machine.Enter(X with { Address = 0 }, 0x50001192);
            machine.Access(X, store: true, keepsC: true);
            machine.PageOut(0x43);
            machine.Access(X with { Address = X.Address }, store: true);
            FaultThread thread = machine.Thread;
            Assert.Equal(Errno.Busy, machine.Core.AllocateTable(ref thread, order, vcpusRun: true));
            Assert.Equal(Errno.Invalid, machine.Core.AllocateTable(ref thread, 37, vcpusRun: false));
            Assert.NotEqual(0, Present(machine));

            Assert.Equal(Errno.None, machine.Core.AllocateTable(ref thread, order, vcpusRun: false));
            Assert.Equal(order, machine.Core.Table.Geometry.Order);
            Assert.True(machine.Core.MmuReady);
            for (ulong index = 0; index < machine.Core.Table.Geometry.EntryCount; index++)
                Assert.Equal(default, machine.Core.Table.View[(nuint)index]);
            for (ulong offset = 0; offset < machine.Slot.PageCount; offset++)
                Assert.Equal(0UL, machine.Rmap(offset));
            machine.Enter(X, XGuestR);
            machine.Access(X, store: true);
            ChainInvariant.Check(machine.Core);
        }
    }

    internal static Errno Resize(FaultMachine machine, uint order)
    {
        Errno error = Prepare(machine, order);
        return error == Errno.None ? Commit(machine, order) : error;
    }

    private static Errno Prepare(FaultMachine machine, uint order)
    {
        ResizeAnswer answer = default;
        bool ready = SpinWait.SpinUntil(
            () => (answer = machine.Core.PrepareResize(0, order)).EstimatedMilliseconds == 0, TimeSpan.FromSeconds(30));
        Assert.True(ready);
        return answer.Error;
    }

    internal static Errno Commit(FaultMachine machine, uint order)
    {
        FaultThread thread = machine.Thread;
        return machine.Core.CommitResize(ref thread, 0, order);
    }

    internal static int Present(FaultMachine machine)
    {
        int present = 0;
        for (ulong index = 0; index < machine.Core.Table.Geometry.EntryCount; index++)
            present += machine.Entry(index).IsPresent ? 1 : 0;
        return present;
    }
}
