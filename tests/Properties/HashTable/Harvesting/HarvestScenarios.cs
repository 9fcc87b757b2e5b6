using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using Xunit;

namespace RingKit.Properties.HashTable.Harvesting;

/// <summary>Scenes with known words and bitmaps, each in an era, by a method, and with a bug that it is to find or none.</summary>
internal static class HarvestScenarios
{
    // A 64 KiB page at guest-physical 0x420000, so of frame 0x42: R, C, M, PP=2.
    public const ulong X = 0x1A2A0;
    public const ulong XV = 0x0000000123456005;
    public const ulong XR = 0x0000000000421192;
    private const ulong Y = 0x700;
    private const ulong Z = 0x5000;

    private static readonly ulong[] Page42 = [0x42];

    public static HashTableOptions Options(HashTableEra era, HashTableDefects defects = HashTableDefects.None, bool thorough = true) => new()
    {
        Order = 24,
        PageShift = 16,
        Era = era,
        HarvestsThoroughly = thorough,
        Defects = defects,
    };

    public static HarvestRig Rig(HashTableEra era, HashTableDefects defects = HashTableDefects.None, bool thorough = true)
    {
        var rig = new HarvestRig(Options(era, defects, thorough), (0, 4096));
        rig.StartLogging(0);
        return rig;
    }

    /// <summary>Enter, store, remove, fetch: what Graf asked.</summary>
    public static void RemovedBeforeTheFetch(HashTableEra era, HarvestMethod method, HashTableDefects defects)
    {
        using HarvestRig rig = Rig(era, defects);
        rig.Enter(X, XV, XR);
        Assert.Equal(0UL, rig.Table.LoadR(X) & HpteR.Changed);
        rig.Store(X);
        rig.Remove(X);
        Assert.Equal(0UL, rig.Table.Load(X).V);
        Assert.Equal(HpteR.Changed, rig.Table.LoadR(X) & HpteR.Changed);
        Assert.Equal(
            era switch { HashTableEra.Current => 0x0100018000000000UL, HashTableEra.ChangedOrder => 0x0010018000000000, _ => 0x0000018000000000 },
            rig.Rmap(0x42));

        byte[] bitmap = rig.Get(0, method);
        Assert.Equal(4, bitmap[8]);
        Assert.Equal(Page42, HarvestRig.PagesOf(bitmap));
        Assert.Equal(era == HashTableEra.Current ? 0x0100018000000000UL : 0x0000010000000000, rig.Rmap(0x42));
        rig.Expect(0, method, []);
    }

    /// <summary>Another mapping of the same frame before the fetch: the first release alone forgot C.</summary>
    public static void MappedAnewBeforeTheFetch(HashTableEra era, HarvestMethod method, HashTableDefects defects)
    {
        using HarvestRig rig = Rig(era, defects);
        rig.Enter(X, XV, XR);
        rig.Store(X);
        rig.Remove(X);
        rig.Enter(Y, XV + 0x80, XR & ~HpteR.Changed);
        rig.Expect(0, method, era == HashTableEra.FirstRelease ? [] : Page42);
        rig.Expect(0, method, []);
    }

    /// <summary>A processor keeps C until a tlbie: the harvest after the vCPUs have stopped sends one, since 2014.</summary>
    public static void LateC(HashTableEra era, HarvestMethod method, HashTableDefects defects)
    {
        foreach (bool thorough in (bool[])[true, false])
        {
            using HarvestRig rig = Rig(era, defects, thorough);
            rig.Enter(X, XV, XR & ~HpteR.Changed);
            rig.Store(X, late: true);
            Hpte before = rig.Table.Load(X);
            rig.Expect(0, method, [], vcpusRun: true);
            Assert.Equal(before, rig.Table.Load(X));
            Assert.Equal(0, rig.Tlbies);

            rig.Expect(0, method, thorough ? Page42 : [], vcpusRun: false);
            Assert.Equal(thorough ? 1 : 0, rig.Tlbies);
            Assert.Equal(before.V, rig.Table.Load(X).V);
            Assert.Equal(0UL, rig.Table.LoadR(X) & HpteR.Changed);
            Assert.Equal(thorough ? HpteR.Changed : 0, rig.GuestR(X) & HpteR.Changed);
        }

        using HarvestRig readOnly = Rig(era, defects);
        readOnly.Enter(X, XV, (XR & ~(HpteR.Changed | HpteR.Pp)) | HpteR.PpReadOnly);
        readOnly.Expect(0, method, [], vcpusRun: false);
        Assert.Equal(0, readOnly.Tlbies);
    }

    /// <summary>A 16 MiB page is 256 pages; to the first patches it was one.</summary>
    public static void LargePage(HashTableEra era, HarvestMethod method, HashTableDefects defects)
    {
        foreach (bool thorough in (bool[])[true, false])
        {
            using HarvestRig rig = Rig(era, defects, thorough);
            rig.Enter(Z, 0x0000000222200005, 0x0000000001000112);
            rig.Store(Z);
            rig.Expect(0, method, Pages(0x100, thorough ? 256UL : 1));
            rig.Expect(0, method, []);
        }

        using HarvestRig removed = Rig(era, defects);
        removed.Enter(Z, 0x0000000222200005, 0x0000000001000112);
        removed.Store(Z);
        removed.Remove(Z);
        Assert.Equal(
            era switch { HashTableEra.Current => 0x0100018000000000UL, HashTableEra.ChangedOrder => 0x0018018000000000, _ => 0x0000018000000000 },
            removed.Rmap(0x100));
        removed.Expect(0, method, Pages(0x100, era is HashTableEra.ChangedOrder or HashTableEra.Current ? 256UL : 1));
        removed.Expect(0, method, []);
    }

    /// <summary>The host takes the page away: the entry is absent, and its R keeps a C that counts no more.</summary>
    public static void PagedOut(HashTableEra era, HarvestMethod method, HashTableDefects defects)
    {
        using HarvestRig rig = Rig(era, defects);
        rig.Enter(X, XV, XR);
        rig.Store(X);
        rig.PageOut(X);
        Assert.Equal(0x0000000123456024UL, rig.Table.Load(X).V);
        Assert.Equal(HpteR.Changed, rig.Table.LoadR(X) & HpteR.Changed);
        rig.Expect(0, method, Page42);
        rig.Expect(0, method, [], vcpusRun: false);
        Assert.Equal(1, rig.Tlbies);
    }

    /// <summary>Three entries of a frame, the third locked at first: the harvest waits with empty hands, and what it did stays done.</summary>
    public static void LockedEntry(HashTableEra era, HarvestMethod method, HashTableDefects defects)
    {
        foreach (bool removes in (bool[])[true, false])
        {
            using HarvestRig rig = Rig(era, defects);
            ulong[] chain = [0x300, 0x301, 0x302];
            foreach (ulong index in chain)
                rig.Enter(index, XV + ((index - 0x300) << 7), XR & ~HpteR.Changed);
            rig.Store(chain[0]);
            rig.Store(chain[2]);
            Assert.True(rig.Table.TryLock(chain[2]));
            Hpte third = rig.Table.Load(chain[2]);
            int waits = 0;
            rig.WhenWaiting = () =>
            {
                waits++;
                rig.WhenWaiting = null;
                Assert.Equal(0UL, rig.Rmap(0x42) & rig.Core.Format.Lock);
                Assert.False(rig.Table.Load(chain[0]).IsLocked);
                Assert.Equal(0UL, rig.Table.LoadR(chain[0]) & HpteR.Changed);
                if (removes)
                    rig.RemoveLocked(chain[2], third with { V = third.V & ~HpteV.HvLock });
                else
                    rig.Table.Unlock(chain[2], third.V);
            };

            rig.Expect(0, method, Page42);
            Assert.Equal(1, waits);
            Assert.Equal(1UL, rig.LastCost.Retries);
            Assert.Equal(HpteR.Changed, rig.GuestR(chain[0]) & HpteR.Changed);
            Assert.Equal(0UL, rig.GuestR(chain[1]) & HpteR.Changed);
            Assert.Equal(HpteR.Changed, rig.GuestR(chain[2]) & HpteR.Changed);
            foreach (ulong index in chain)
                Assert.False(rig.Table.Load(index).IsLocked);
            rig.Expect(0, method, []);
        }
    }

    /// <summary>An entry that becomes invalid and stays in its chain for a moment, as a removal begins, is let go of.</summary>
    public static void InvalidInChain(HashTableEra era, HarvestMethod method, HashTableDefects defects)
    {
        using HarvestRig rig = Rig(era, defects);
        rig.Enter(X, XV, XR);
        rig.Store(X);
        rig.Table.Unlock(X, XV & ~HpteV.Valid);
        rig.Expect(0, method, []);
        Assert.False(rig.Table.Load(X).IsLocked);
    }

    /// <summary>H_CLEAR_MOD moves C to the host's record, which the next fetch reports once.</summary>
    public static void ClearMod(HashTableEra era, HarvestMethod method, HashTableDefects defects)
    {
        using HarvestRig rig = Rig(era, defects);
        rig.Enter(X, XV, XR);
        rig.Store(X);
        rig.ClearMod(X);
        Assert.Equal(0UL, (rig.GuestR(X) | rig.Table.LoadR(X)) & HpteR.Changed);
        rig.Expect(0, method, Page42);
        Assert.Equal(0UL, rig.GuestR(X) & HpteR.Changed);
        rig.Expect(0, method, []);
    }

    /// <summary>Two slots: a fetch of one leaves the other's pages for that one's own, and where nobody logs, C in the table.</summary>
    public static void TwoSlots(HashTableEra era, HarvestMethod method, HashTableDefects defects)
    {
        foreach (bool bothLog in (bool[])[true, false])
        {
            using var rig = new HarvestRig(Options(era, defects), (0, 0x1000), (0x2000, 0x1000));
            rig.StartLogging(0);
            if (bothLog)
                rig.StartLogging(1);
            rig.Enter(X, XV, XR & ~HpteR.Changed);
            rig.Enter(Y, XV + 0x80, 0x0000000020051112);
            rig.Store(X);
            rig.Store(Y);
            rig.Expect(0, method, Page42);
            Assert.Equal(0UL, rig.Table.LoadR(X) & HpteR.Changed);
            bool swept = method == HarvestMethod.Sweep && bothLog;
            Assert.Equal(swept ? 0 : HpteR.Changed, rig.Table.LoadR(Y) & HpteR.Changed);
            Assert.Equal(swept ? HpteR.Changed : 0, rig.GuestR(Y) & HpteR.Changed);
            if (!bothLog)
                continue;
            rig.Expect(1, method, [0x5]);
            rig.Expect(1, method, []);
            Assert.Equal(0UL, rig.Table.LoadR(Y) & HpteR.Changed);
        }
    }

    /// <summary>A processor that has C in its TLB sets it no more: without a tlbie the next store is not seen.</summary>
    public static void TlbieBeforeClean(HashTableEra era, HarvestMethod method, HashTableDefects defects)
    {
        using HarvestRig rig = Rig(era, defects);
        rig.Enter(X, XV, XR);
        rig.Store(X);
        rig.Expect(0, method, Page42);
        Assert.Equal(1, rig.Tlbies);
        Assert.Equal((1UL, 1UL, 1UL), (rig.LastCost.Changed, rig.LastCost.Tlbies, rig.LastCost.TlbieBatches));
    }

    public static ulong[] Pages(ulong first, ulong count) => [.. Enumerable.Range(0, (int)count).Select(i => first + (ulong)i)];
}
