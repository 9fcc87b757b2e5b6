using System.Diagnostics;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Guests;
using RingKit.Kvm.Running;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>The guest programs store where their patterns say, and what they say, and stop when they are told to.</summary>
public sealed class GuestProgramTests
{
    private const int FirstPage = 32;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static TheoryData<GuestMode, GuestPattern> Programs =>
        [.. Enum.GetValues<GuestMode>().SelectMany(_ => Enum.GetValues<GuestPattern>(), (mode, pattern) => (mode, pattern))];

    [Theory]
    [MemberData(nameof(Programs))]
    public void Stores_go_where_the_pattern_says(GuestMode mode, GuestPattern pattern)
    {
        Kernel.Need();
        using GuestMemory memory = NewMemory();
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { RingEntries = 1024 });
        NativeView<byte> bytes = memory.Slots[0].Memory;
        bytes.AsSpan().Fill(0xFF);
        var stores = new GuestStores { Pattern = pattern, FirstPage = FirstPage, PageCount = 50, Count = 400, HotPages = 5, Seed = 17, Turns = 1 };
        guest.Log.Start();
        Assert.Equal(Errno.None, GuestProgram.Load(guest.Vcpus[0], bytes, mode, stores));
        KvmExit exit = guest.Vcpus[0].Run();
        Assert.True(exit.Reason == KvmExitReason.Halted, $"{exit}\n{guest.Vcpus[0].DumpRegisters()}");

        SortedDictionary<ulong, ulong> expected = Expected(mode, stores);
        Assert.Equal(
            expected.Keys, PageSet.HarvestOf(guest.Log).Select(page => page.Page).Where(page => !GuestProgram.IsTable(page, mode, bytes.Length)));
        ulong mask = mode == GuestMode.Real ? ushort.MaxValue : ulong.MaxValue;
        for (ulong page = FirstPage; page < memory.Slots[0].PageCount; page++)
        {
            ulong value = bytes.Slice((nuint)(page << GuestPage.Shift), sizeof(ulong)).Cast<ulong>()[0] & mask;
            Assert.Equal((page, expected.GetValueOrDefault(page, ulong.MaxValue) & mask), (page, value));
        }
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_guest_without_end_halts_when_the_flag_is_raised(GuestMode mode, GuestPattern pattern)
    {
        Kernel.Need();
        using GuestMemory memory = NewMemory();
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Vcpus = 2, Form = KvmLogForm.Bitmap });
        NativeView<byte> bytes = memory.Slots[0].Memory;
        foreach (KvmVcpu vcpu in guest.Vcpus)
        {
            int first = FirstPage + (100 * (int)vcpu.Id);
            Assert.Equal(Errno.None, GuestProgram.Load(vcpu, bytes, mode, new GuestStores { Pattern = pattern, FirstPage = first, PageCount = 100 }));
        }

        guest.Log.Start();
        using var threads = new KvmVcpuThreads<UntilHalted>(guest);
        threads.Start();
        for (var clock = Stopwatch.StartNew(); PageSet.HarvestOf(guest.Log).All(page => page.Page < FirstPage);)
            Assert.True(clock.Elapsed < Patience, "the guest stores nothing");
        Assert.False(threads.HasEnded);
        GuestProgram.Stop(bytes);
        Assert.True(threads.AwaitEnd(Patience));
        threads.Stop();
        Assert.Equal(1, bytes[GuestProgram.StopFlagAddress]);
        Assert.DoesNotContain(PageSet.HarvestOf(guest.Log), page => page.Page >= FirstPage + 200);
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        Kernel.Need();
        using GuestMemory memory = NewMemory();
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Form = KvmLogForm.Bitmap });
        NativeView<byte> bytes = memory.Slots[0].Memory;
        foreach (GuestStores stores in (GuestStores[])
        [
            new() { FirstPage = 1 }, new() { FirstPage = 256 }, new() { PageCount = 0 }, new() { PageCount = 241 }, new() { Count = 1UL << 32 },
            new() { Turns = 0 },
            new() { Turns = 65_536 }, new() { Pattern = GuestPattern.HotSet, HotPages = 17 }, new() { Pattern = GuestPattern.HotSet, HotPages = 0 },
            new() { Pattern = (GuestPattern)9 }, new() { Seed = 16 },
        ])
        {
            Assert.Throws<ArgumentOutOfRangeException>("stores", () => GuestProgram.Load(guest.Vcpus[0], bytes, GuestMode.Real, stores));
        }

        Assert.Throws<ArgumentOutOfRangeException>("stores", () => GuestProgram.Load(guest.Vcpus[0], bytes, GuestMode.Long, new GuestStores { FirstPage = 4 }));
        Assert.Throws<ArgumentNullException>("stores", () => GuestProgram.Load(guest.Vcpus[0], bytes, GuestMode.Real, null!));
        Assert.Throws<ArgumentNullException>("vcpu", () => GuestProgram.Load(null!, bytes, GuestMode.Real, new GuestStores()));
        Assert.Throws<ArgumentOutOfRangeException>("pages", () => LoadList(0x2000, []));
        Assert.Throws<ArgumentOutOfRangeException>("pages", () => LoadList(0x2000, [20, 256]));
        Assert.Throws<ArgumentOutOfRangeException>("list", () => LoadList(0x1000, [20]));
        Assert.Throws<ArgumentOutOfRangeException>("list", () => LoadList(0xFFFF, [20]));
        Assert.Throws<ArgumentOutOfRangeException>("turns", () => LoadList(0x2000, [20], turns: 0));

        void LoadList(int list, ulong[] pages, int turns = 1) =>
            GuestProgram.LoadList(guest.Vcpus[0], bytes, GuestMode.Real, bytes.Length, list, pages, turns);
    }

    private static GuestMemory NewMemory()
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, 256);
        return memory;
    }

    // The last value of each page that is stored to.
    private static SortedDictionary<ulong, ulong> Expected(GuestMode mode, GuestStores stores)
    {
        var pages = new SortedDictionary<ulong, ulong>();
        ulong state = stores.Seed, count = (ulong)stores.PageCount;
        for (ulong left = stores.Count; left > 0; left--)
        {
            ulong page;
            if (stores.Pattern is GuestPattern.Sequential or GuestPattern.Counter)
            {
                page = state;
                state = (state + 1) % count;
            }
            else if (mode == GuestMode.Real)
            {
                state = ((state * 25_173) + 13_849) & 0xFFFF;
                bool isHot = stores.Pattern == GuestPattern.HotSet && state >> 13 != 0;
                ulong random = stores.Pattern == GuestPattern.HotSet ? (state << 3) & 0xFFFF : state;
                page = (random * (isHot ? (ulong)stores.HotPages : count)) >> 16;
            }
            else
            {
                state = unchecked((state * 6_364_136_223_846_793_005) + 1_442_695_040_888_963_407);
                bool isHot = stores.Pattern == GuestPattern.HotSet && (uint)state >> 29 != 0;
                page = ((state >> 32) * (isHot ? (ulong)stores.HotPages : count)) >> 32;
            }

            page += (ulong)stores.FirstPage;
            pages[page] = stores.Pattern == GuestPattern.Counter ? pages.GetValueOrDefault(page, ulong.MaxValue) + 1 : left;
        }

        return pages;
    }
}
