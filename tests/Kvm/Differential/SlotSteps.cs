using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;

namespace RingKit.Kvm.Tests.Differential;

/// <summary>Slots that go, come and move, in both machines, and what of that KVM refuses.</summary>
internal static class SlotSteps
{
    /// <summary>One change of a slot, by lot. No vCPU is in the middle of its stores.</summary>
    public static void Step(MachinePair pair, byte where, byte count)
    {
        SlotShape home = pair.Shape.Slots[where % pair.Shape.Slots.Length];
        SlotShape? now = pair.Layout.Find(home.Id);
        var random = new Random((where << 8) | count);
        switch (count % 8)
        {
            // Also where it is gone already.
            case < 2:
                pair.Delete(home.Id);
                break;
            case < 4:
                pair.Put((now ?? home) with { IsLogged = random.Next(4) != 0 });
                break;
            case < 7:
                // Beside others, over them, over the program, or over itself; a page from where it is now, too.
                ulong end = pair.Shape.Pages - home.PageCount + 1;
                ulong first = random.Next(4) == 0 && now is { } slot ? Math.Min(slot.BaseGfn + 1, end - 1) : (ulong)random.NextInt64((long)end);
                pair.Put(home with { BaseGfn = first, IsLogged = random.Next(4) != 0 });
                break;
            default:
                Refuse(pair, home, now, random);
                break;
        }
    }

    private static void Refuse(MachinePair pair, SlotShape home, SlotShape? now, Random random)
    {
        ulong address = (now ?? home).BaseGfn << GuestPage.Shift, size = home.PageCount << GuestPage.Shift;
        uint[] ids = [40_000, 32_764, 0x2_0000u | home.Id, uint.MaxValue];
        switch (random.Next(5))
        {
            case 0:
                pair.Refuse(ids[random.Next(ids.Length)], KvmSlotTraits.LogDirtyPages, address, size);
                break;
            case 1:
                pair.Refuse(home.Id, KvmSlotTraits.None, address + 8, size);
                break;
            case 2:
                pair.Refuse(home.Id, (KvmSlotTraits)0x80, address, size);
                break;
            case 3:
                pair.Refuse(home.Id, KvmSlotTraits.None, ulong.MaxValue << GuestPage.Shift, size);
                break;
            default:
                // Another size than it has.
                if (now is not null && home.PageCount > 1)
                    pair.Refuse(home.Id, KvmSlotTraits.None, address, size - GuestPage.Size);
                break;
        }
    }
}
