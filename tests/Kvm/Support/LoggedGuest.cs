using RingKit.Kvm.DirtyLogging;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Kvm.Tests.Support;

/// <summary>A guest whose log is on, and has nothing yet.</summary>
internal static class LoggedGuest
{
    public static KvmGuest Started(GuestMemory memory, KvmLogForm form, int ringEntries = 4096)
    {
        Kernel.Need(form);
        KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Form = form, RingEntries = ringEntries });
        guest.Log.Start();
        if (form == KvmLogForm.InitiallySet)
            guest.Log.Clear();
        return guest;
    }

    /// <summary>Has vCPU 0 store, and says where.</summary>
    public static IEnumerable<(uint Slot, ulong Page)> Stored(KvmGuest guest, int firstPage, int count, int stride = 1)
    {
        RealModeGuests.Store(guest.Vcpus[0], guest.Machine.Memory.Slots[0].Memory, firstPage, count, stride);
        KvmExit exit = guest.Vcpus[0].Run();
        Assert.True(exit.Reason == KvmExitReason.Halted, $"{exit}\n{guest.Vcpus[0].DumpRegisters()}");
        return PageSet.Expected(firstPage, count, stride);
    }
}
