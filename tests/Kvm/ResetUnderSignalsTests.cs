using RingKit.DirtyRings;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>Resets while signals come: KVM's gives up for each, and the machine's own is spared.</summary>
public sealed class ResetUnderSignalsTests
{
    private const int Pages = 16_384;
    private static readonly TimeSpan Interval = TimeSpan.FromMicroseconds(40);

    [Fact]
    public void A_reset_takes_all_at_once_whatever_signals_come()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory(pages: LongModeGuest.FirstPage + Pages);
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { RingEntries = 65_536 });
        Assert.Equal(Errno.None, guest.Kvm.SetSlotTraits(0, KvmSlotTraits.LogDirtyPages));
        DirtyGfn[] entries = new DirtyGfn[65_536];

        // KVM's own reset, as often as it takes: it never gives back more than there is, and at last all.
        int harvested = Harvest(guest, memory.Slots[0].Memory, entries), calls = 0;
        using (new SignalTimer(Interval))
        {
            for (int sum = 0; sum < harvested; calls++)
            {
                Assert.True(calls < 100_000, $"{sum} of {harvested} entries were given back");
                Assert.Equal(Errno.None, guest.Kvm.ResetDirtyRings(out int given));
                sum += given;
                Assert.True(sum <= harvested, $"{sum} of {harvested} entries were given back");
            }
        }

        Assert.True(calls > 1, "no signal came");
        harvested = Harvest(guest, memory.Slots[0].Memory, entries);
        int callsWithoutSignals;
        using (new SignalTimer(Interval))
            Assert.Equal(Errno.None, guest.Kvm.ResetDirtyRings((ulong)harvested, out callsWithoutSignals));
        Assert.Equal(1, callsWithoutSignals);
        Report.Line($"ResetUnderSignals: {Pages} entries, a signal each {Interval.TotalMicroseconds:f0} us: {calls} calls of KVM, and 1 with signals blocked.");
    }

    private static int Harvest(KvmGuest guest, NativeView<byte> memory, DirtyGfn[] entries)
    {
        LongModeGuest.Store(guest.Vcpus[0], memory, LongModeGuest.FirstPage, Pages, turns: 1);
        KvmExit exit = guest.Vcpus[0].Run();
        Assert.True(exit.Reason == KvmExitReason.Halted, $"{exit}\n{guest.Vcpus[0].DumpRegisters()}");
        int harvested = guest.Vcpus[0].Harvester.Harvest(entries);
        Assert.True(harvested >= Pages, $"{harvested} entries");
        return harvested;
    }
}
