using System.Diagnostics;
using FsCheck.Fluent;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Guests;
using RingKit.Kvm.Tests.Support;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Properties.Support;
using Xunit;
using Xunit.Sdk;

namespace RingKit.Kvm.Tests.Differential;

/// <summary>Random programs on real bitmaps and on simulated ones, in all modes and from one to the other: same pages, same errors.</summary>
public sealed class BitmapDifferential
{
    private const int MostStores = 300;

    [Fact]
    public void Bitmaps_agree()
    {
        Kernel.Need(KvmLogForm.Bitmap);
        var clock = Stopwatch.StartNew();
        int programs = 0, allSteps = 0, pages = 0, errors = 0, slotChanges = 0;
        Props.Check(
            Prop.ForAll<uint, (byte, byte, byte)[]>((lot, steps) =>
            {
                using var pair = new BitmapPair(MachineShape.Of(lot, ringEntries: 0));
                foreach ((byte step, byte where, byte count) in steps)
                    Step(pair, step, where, count);
                foreach (SlotShape slot in pair.Shape.AllSlots)
                    pair.Get(slot.Id);
                (programs, allSteps, pages, errors) = (programs + 1, allSteps + steps.Length, pages + pair.Pages, errors + pair.Errors);
                slotChanges += pair.SlotChanges;
                return (pair.MemoryDifference is null).Label(pair.MemoryDifference ?? "");
            }),
            nameof(Bitmaps_agree),
            maxTest: DifferentialRuns.OfBitmaps,
            endSize: 120);
        Report.Line(
            $"Bitmaps_agree: {programs} programs of {allSteps} steps, {pages} pages fetched, {errors} calls refused, "
            + $"{slotChanges} slots deleted, made and moved, in {clock.Elapsed.TotalSeconds:f1} s.");
    }

    // That the property can fail.
    [Fact]
    public void A_page_too_many_is_found()
    {
        Kernel.Need(KvmLogForm.Bitmap);
        var slot = new SlotShape(5, MachineShape.Program.PageCount, 100, IsLogged: true);
        using var pair = new BitmapPair(new MachineShape(GuestMode.Real, [slot], Vcpus: 1, RingEntries: 0));
        pair.Run(0, [40, 50, 60]);
        pair.Get(slot.Id);
        Assert.Equal(3, pair.Pages);
        pair.MarkSimulated(slot.Id, 99);
        Assert.ThrowsAny<XunitException>(() => pair.Get(slot.Id));
    }

    private static void Step(BitmapPair pair, byte step, byte where, byte count)
    {
        int lot = (step << 16) | (where << 8) | count;
        SlotShape slot = pair.Shape.Slots[where % pair.Shape.Slots.Length];
        switch (step % 12)
        {
            case < 3:
                if (pair.Layout.Stores(lot, MostStores) is { Length: > 0 } stores)
                    pair.Run(where % pair.Shape.Vcpus, stores);
                break;
            case < 5:
                pair.Get(slot.Id);
                break;
            case 5:
                Clear(pair, slot, new Random(lot));
                break;
            case 6:
                if (pair.Layout.Find(slot.Id) is { } there)
                    pair.SetLogging(there, count % 3 != 0);
                break;
            case 7:
                pair.EnableCap(KvmCapability.ManualDirtyLogProtect2, where % 8 == 0 ? ulong.MaxValue : where % 5u, flags: count % 5 == 0 ? 1u : 0);
                break;
            case 8:
                Refuse(pair, slot, where, count);
                break;
            case < 11:
                SlotSteps.Step(pair, where, count);
                break;
            default:
                foreach (SlotShape each in pair.Shape.AllSlots)
                    pair.Get(each.Id);
                break;
        }
    }

    // Mostly ranges that are allowed, at both ends of the slot, with bits that are there, are not there, and lie beyond.
    private static void Clear(BitmapPair pair, SlotShape slot, Random random)
    {
        ulong[] bits = new ulong[64];
        foreach (ref ulong word in bits.AsSpan())
            word = (ulong)random.NextInt64() & (ulong)random.NextInt64() << (random.Next(3) * 16);
        int words = (int)((slot.PageCount + 63) / 64), first = random.Next(words + 1), count = random.Next(words - first + 1);
        ulong firstPage = (ulong)first * 64, end = (ulong)(first + count) * 64;
        uint pageCount = (uint)(random.Next(4) == 0 ? end - firstPage : Math.Min(end, slot.PageCount) - Math.Min(firstPage, slot.PageCount));
        if (random.Next(4) == 0)
            firstPage += (ulong)random.Next(3);
        if (random.Next(4) == 0)
            pageCount += (uint)random.Next(3);
        pair.Clear(slot.Id, firstPage, pageCount, bits);
    }

    private static void Refuse(BitmapPair pair, SlotShape slot, byte where, byte count)
    {
        uint[] ids = [slot.Id, MachineShape.Program.Id, 32_763, 32_764, 40_000, 0x1_0000u | slot.Id, 0x2_0000u | slot.Id, uint.MaxValue];
        uint id = ids[where % ids.Length];
        switch (count % 4)
        {
            case 0:
                pair.GetIntoNowhere(id);
                break;
            case 1:
                pair.ClearFromNowhere(id, where % 2 == 0 ? 0UL : 1, count % 3 == 0 ? 0 : (uint)slot.PageCount);
                break;
            case 2:
                pair.Clear(id, count % 5u, 64, new ulong[64]);
                break;
            default:
                pair.Reset();
                pair.EnableCap(KvmCapability.DirtyLogRing, 1UL << (where % 40));
                break;
        }
    }
}
