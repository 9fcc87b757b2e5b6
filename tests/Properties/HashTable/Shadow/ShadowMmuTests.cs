using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Shadow;
using RingKit.Ordering;
using RingKit.Properties.HashTable.Harvesting;
using RingKit.Properties.Support;
using Xunit;
using Xunit.Sdk;

namespace RingKit.Properties.HashTable.Shadow;

/// <summary>Book3S PR's dirty log: marks at map time, a flush of the whole slot at the fetch.</summary>
public sealed class ShadowMmuTests
{
    private const int Vcpus = 2;

    [Fact]
    public void A_page_is_marked_when_it_is_mapped_writable_and_all_of_the_slot_is_dropped_at_the_fetch()
    {
        using var memory = Memory();
        using var mmu = new ShadowMmuCore<HardwareOrdering>(memory, Vcpus);
        var thread = new TlbThread();
        Start(mmu, ref thread);
        Map(mmu, ref thread, 0, page: 0x10, gfn: 5, mayWrite: true);
        Map(mmu, ref thread, 0, page: 0x11, gfn: 6, mayWrite: false);
        Map(mmu, ref thread, 1, page: 0x10, gfn: 7, mayWrite: true);
        Map(mmu, ref thread, 1, page: 0x12, gfn: 0x1001, mayWrite: true);
        Assert.Null(mmu.Map(ref thread, 0, 0x13, 0x5000, true));

        Assert.Equal([5, 7], Fetch(mmu, ref thread, 0, out ShadowStatistics cost));
        Assert.Equal(new ShadowStatistics(Visited: 4, Flushed: 3), cost);
        Assert.Equal(3, thread.Tlbies.Count);

        // A clean slot costs nothing.
        Assert.Empty(Fetch(mmu, ref thread, 0, out cost));
        Assert.Equal(default, cost);
        Map(mmu, ref thread, 0, page: 0x10, gfn: 5, mayWrite: true);
        Map(mmu, ref thread, 0, page: 0x10, gfn: 5, mayWrite: true);
        Assert.Equal([5], Fetch(mmu, ref thread, 0, out _));
        Assert.Equal([1], Fetch(mmu, ref thread, 1, out _));
    }

    [Fact]
    public void A_store_to_a_page_mapped_read_only_maps_it_anew_and_marks_it()
    {
        using var memory = Memory();
        using var mmu = new ShadowMmuCore<HardwareOrdering>(memory, Vcpus);
        var thread = new TlbThread();
        Start(mmu, ref thread);
        Assert.False(Map(mmu, ref thread, 0, 0x10, 5, mayWrite: false).MayWrite);
        Assert.True(Map(mmu, ref thread, 0, 0x10, 5, mayWrite: true).MayWrite);
        Assert.Single(thread.Tlbies);
        Assert.Equal([5], Fetch(mmu, ref thread, 0, out _));
        Map(mmu, ref thread, 0, 0x10, 5, mayWrite: true);
        mmu.Unmap(ref thread, 0, 0x10);
        mmu.Unmap(ref thread, 0, 0x10);
        Assert.Equal([5], Fetch(mmu, ref thread, 0, out ShadowStatistics cost));
        Assert.Equal(default, cost);
    }

    [Fact]
    public void A_full_cache_is_emptied_and_goes_on()
    {
        using var memory = Memory();
        using var mmu = new ShadowMmuCore<HardwareOrdering>(memory, Vcpus);
        var thread = new TlbThread();
        Start(mmu, ref thread);
        for (ulong page = 0; page < ShadowCacheCore<HardwareOrdering>.Capacity; page++)
            Map(mmu, ref thread, 1, page, page & 0xFFF, mayWrite: true);
        Assert.Empty(thread.Tlbies);
        Map(mmu, ref thread, 1, 1UL << 40, 1, mayWrite: true);
        Assert.Equal(ShadowCacheCore<HardwareOrdering>.Capacity, thread.Tlbies.Distinct().Count());
        Assert.Equal(4096, Fetch(mmu, ref thread, 0, out ShadowStatistics cost).Length);
        Assert.Equal(1UL, cost.Flushed);
    }

    [Fact]
    public void A_page_that_is_marked_while_a_fetch_flushes_is_in_the_next() => MarkedDuringTheFlush(HashTableDefects.None);

    [Fact]
    public void The_bug_that_clears_the_bitmap_after_the_flush_is_found() =>
        Assert.ThrowsAny<XunitException>(() => MarkedDuringTheFlush(HashTableDefects.FetchClearsLater));

    [Fact]
    public void A_fetch_refuses_as_kvm_does()
    {
        using var memory = Memory();
        using var mmu = new ShadowMmuCore<HardwareOrdering>(memory, Vcpus);
        var thread = new TlbThread();
        Assert.Equal(Errno.Invalid, mmu.GetDirtyLog(ref thread, 9, new byte[512], out _));
        Assert.Equal(Errno.NoEntry, mmu.GetDirtyLog(ref thread, 0, new byte[512], out _));
        Start(mmu, ref thread);
        Assert.Equal(Errno.BadAddress, mmu.GetDirtyLog(ref thread, 0, new byte[511], out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ShadowMmuCore<HardwareOrdering>(memory, 0));
    }

    [Fact]
    public void Random_mappings_match_a_naive_model()
    {
        var random = new Random(31);
        using var memory = Memory();
        using var mmu = new ShadowMmuCore<HardwareOrdering>(memory, Vcpus);
        var thread = new TlbThread();
        Start(mmu, ref thread);
        var mapped = new Dictionary<(int Vcpu, ulong Page), (ulong Gfn, bool MayWrite)>();
        var marked = new HashSet<ulong>();
        for (int i = 0; i < 30_000; i++)
        {
            var key = (Vcpu: random.Next(Vcpus), Page: ((ulong)random.Next(40) * 4096) + (ulong)random.Next(3));
            (ulong Gfn, bool MayWrite) wanted = ((ulong)random.Next(0x2000), random.Next(2) == 0);
            switch (random.Next(100))
            {
                case 0:
                    Assert.Equal(marked.Where(gfn => gfn < 0x1000).Order(), Fetch(mmu, ref thread, 0, out ShadowStatistics cost));
                    if (marked.RemoveWhere(gfn => gfn < 0x1000) > 0)
                    {
                        Assert.Equal((ulong)mapped.Count, cost.Visited);
                        foreach (var one in mapped.Where(one => one.Value.Gfn < 0x1000).Select(one => one.Key).ToArray())
                            mapped.Remove(one);
                    }

                    break;
                case < 10:
                    mmu.Unmap(ref thread, key.Vcpu, key.Page);
                    mapped.Remove(key);
                    break;
                default:
                    bool hit = mapped.TryGetValue(key, out var known) && known.Gfn == wanted.Gfn && (known.MayWrite || !wanted.MayWrite);
                    ShadowTranslation made = Map(mmu, ref thread, key.Vcpu, key.Page, wanted.Gfn, wanted.MayWrite);
                    if (!hit)
                        mapped[key] = wanted;
                    if (!hit && wanted.MayWrite)
                        marked.Add(wanted.Gfn);
                    Assert.Equal(mapped[key], (made.Gfn, made.MayWrite));
                    break;
            }
        }
    }

    [Fact]
    public void A_fetch_allocates_nothing()
    {
        using var memory = Memory();
        using var mmu = new ShadowMmuCore<HardwareOrdering>(memory, Vcpus);
        var starting = new TlbThread();
        Start(mmu, ref starting);
        byte[] bitmap = new byte[512];
        Assert.Equal(0, Allocated.By(() =>
        {
            var thread = default(QuietThread);
            mmu.Map(ref thread, 0, 0x10, 5, true);
            mmu.GetDirtyLog(ref thread, 0, bitmap, out _);
        }));
    }

    // While the second vCPU's translations are dropped, the first one's are done, and it maps a page.
    private static void MarkedDuringTheFlush(HashTableDefects defects)
    {
        using var memory = Memory();
        using var mmu = new ShadowMmuCore<HardwareOrdering>(memory, Vcpus, defects);
        var thread = new TlbThread();
        Start(mmu, ref thread);
        Map(mmu, ref thread, 1, 0x10, 5, mayWrite: true);
        thread.WhenInvalidating = () =>
        {
            thread.WhenInvalidating = null;
            Map(mmu, ref thread, 0, 0x20, 9, mayWrite: true);
        };
        Assert.Equal([5], Fetch(mmu, ref thread, 0, out _));
        Assert.Equal([9], Fetch(mmu, ref thread, 0, out _));
    }

    private static GuestMemory Memory()
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, 0x1000);
        memory.AddSlot(1, 0x1000, 0x1000);
        return memory;
    }

    private static void Start(ShadowMmuCore<HardwareOrdering> mmu, ref TlbThread thread)
    {
        foreach (ShadowSlot<HardwareOrdering> slot in mmu.Slots)
            mmu.StartLogging(ref thread, slot);
    }

    private static ShadowTranslation Map(
        ShadowMmuCore<HardwareOrdering> mmu, ref TlbThread thread, int vcpu, ulong page, ulong gfn, bool mayWrite)
    {
        ShadowTranslation? made = mmu.Map(ref thread, vcpu, page, gfn, mayWrite);
        Assert.NotNull(made);
        return made.Value;
    }

    private static ulong[] Fetch(ShadowMmuCore<HardwareOrdering> mmu, ref TlbThread thread, uint slot, out ShadowStatistics cost)
    {
        byte[] bitmap = new byte[512];
        Assert.Equal(Errno.None, mmu.GetDirtyLog(ref thread, slot, bitmap, out cost));
        return HarvestRig.PagesOf(bitmap);
    }

    private struct QuietThread : IHostThread
    {
        public readonly void Relax()
        {
        }

        public readonly void Tlbie(scoped ReadOnlySpan<ulong> indices)
        {
        }
    }

    private struct TlbThread() : IHostThread
    {
        private readonly Box _box = new();

        public readonly List<ulong> Tlbies => _box.Tlbies;

        public readonly Action? WhenInvalidating
        {
            get => _box.WhenInvalidating;
            set => _box.WhenInvalidating = value;
        }

        public readonly void Relax() => Assert.Fail("A thread waits for a lock that nobody lets go of.");

        public readonly void Tlbie(scoped ReadOnlySpan<ulong> indices)
        {
            _box.Tlbies.AddRange(indices.ToArray());
            _box.WhenInvalidating?.Invoke();
        }

        private sealed class Box
        {
            public List<ulong> Tlbies { get; } = [];

            public Action? WhenInvalidating { get; set; }
        }
    }
}
