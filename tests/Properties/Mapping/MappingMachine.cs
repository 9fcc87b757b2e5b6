using RingKit.Mmu;
using RingKit.Mmu.Mapping;
using Xunit;

namespace RingKit.Properties.Mapping;

/// <summary>A random slot with its attributes, tracked frames, file and host mapping, and beside it what each of them is, page by page.</summary>
internal sealed class MappingMachine
{
    private const int MostFrames = 5 << 17;

    private readonly Random _random;
    private readonly bool[] _private;
    private readonly HashSet<ulong> _tracked = [];
    private readonly int[] _orders = [];
    private readonly int[] _host;

    public MappingMachine(Random random)
    {
        _random = random;
        Space = new MappingSpace(new MappingOptions { LogsGuestMemfd = true, LargestLevel = random.Next(4) == 0 ? MappingLevel.Size2M : MappingLevel.Size1G });
        ulong first = Aligned(MostFrames);
        ulong pages = Math.Max(Aligned(MostFrames), 1);
        ulong userspacePage = (0x7F00_0000_0000ul >> 12) + (first & ((1 << 18) - 1)) + (random.Next(3) == 0 ? Aligned(1 << 18) : 0);

        MappingSlotTraits flags = random.Next(8) == 0 ? MappingSlotTraits.LogDirtyPages : MappingSlotTraits.None;
        GuestMemfd? file = null;
        ulong offset = 0;
        if (random.Next(4) != 0)
        {
            // Mostly congruent with the frames.
            offset = (first & ((1 << 18) - 1)) + (random.Next(3) == 0 ? Aligned(1 << 18) : 0);
            flags |= MappingSlotTraits.GuestMemfd;
            _orders = new int[(int)(((offset + pages) | ((1 << 18) - 1)) + 1)];
            Assert.Equal(Errno.None, Space.CreateGuestMemfd((ulong)_orders.Length << 12, (GuestMemfdTraits)random.Next(2), out file));
            Fill(_orders, [0, 9, 18, 4, 12, 10, 17], (start, count, order) => file!.SetOrder(start, count, order));
        }

        Assert.Equal(Errno.None, Space.SetUserMemoryRegion(new UserMemoryRegion(3, first << 12, pages << 12, userspacePage << 12, flags, file, offset << 12)));
        Slot = Space.FindByGfn(first)!;

        ulong hostStart = userspacePage & ~((1ul << 18) - 1);
        _host = new int[(int)(((userspacePage + pages) | ((1 << 18) - 1)) + 1 - hostStart)];
        Fill(_host, [0, 9, 18], (start, count, order) => Space.Host.Map((hostStart + start) << 12, count << 12, MappingLevels.OfOrder(order)));

        _private = new bool[MostFrames * 2];
        for (int change = random.Next(5); change > 0; change--)
        {
            int start = (int)Aligned(_private.Length);
            int count = Math.Clamp((int)Aligned(_private.Length), 1, _private.Length - start);
            bool isPrivate = random.Next(3) != 0;
            _private.AsSpan(start, count).Fill(isPrivate);
            Assert.Equal(Errno.None, Space.SetMemoryAttributes((ulong)start << 12, (ulong)count << 12, isPrivate ? MemoryAttributes.Private : 0));
        }

        foreach (ulong gfn in SomeFrames(random.Next(4)).ToArray())
        {
            if (_tracked.Add(gfn))
                Space.LargePagesAt(gfn).AddWriteTracked(gfn);
        }
    }

    public MappingSpace Space { get; }

    public MappingSlot Slot { get; }

    public IEnumerable<ulong> SomeFrames(int count) =>
        Enumerable.Range(0, count).Select(_ => Slot.BaseGfn + Math.Min(Aligned((int)Slot.PageCount), Slot.PageCount - 1));

    public bool IsPrivate(ulong gfn) => _private[gfn];

    /// <summary>The host's frame: congruent with what holds it.</summary>
    public ulong PfnOf(ulong gfn) =>
        (7ul << 18) + (Slot.IsGmemOnly || (IsPrivate(gfn) && Slot.Gmem != null) ? Slot.GmemPageOf(gfn) : Slot.HostAddressOf(gfn) >> 12);

    /// <summary>The largest level whose range is in the slot, agrees with the host's address, and holds neither tracked frames nor two kinds.</summary>
    public MappingLevel LargePagesAllow(ulong gfn)
    {
        MappingLevel level = Space.Options.LargestLevel;
        for (; level > MappingLevel.Size4K; level--)
        {
            ulong pages = MappingLevels.Pages(level);
            ulong start = gfn / pages * pages;
            if (start >= Slot.BaseGfn && start + pages <= Slot.EndGfn
                && gfn % pages == (Slot.HostAddressOf(gfn) >> 12) % pages
                && !_tracked.Any(tracked => tracked / pages == gfn / pages)
                && !_private.AsSpan((int)start, (int)pages).Contains(!_private[gfn]))
            {
                break;
            }
        }

        return level;
    }

    public MappingLevel GmemAllows(ulong gfn) => MappingLevels.OfOrder(_orders[Slot.GmemPageOf(gfn)]);

    public MappingLevel HostAllows(ulong gfn)
    {
        ulong hostStart = (Slot.UserspaceAddress >> 12) & ~((1ul << 18) - 1);
        return MappingLevels.OfOrder(_host[(Slot.HostAddressOf(gfn) >> 12) - hostStart]);
    }

    private void Fill(int[] model, int[] orders, Action<ulong, ulong, int> set)
    {
        for (int range = _random.Next(6); range > 0; range--)
        {
            int order = orders[_random.Next(orders.Length)];
            int start = (int)Aligned(model.Length) >> order << order;
            int count = Math.Max((int)Math.Min(Aligned(model.Length), (ulong)(model.Length - start)) >> order, 1) << order;
            SourceLevelTests.SetAndSplit(model, start, count, order);
            set((ulong)start, (ulong)count, order);
        }
    }

    /// <summary>A number below a limit, at a multiple of 1, 512 or 2^18.</summary>
    private ulong Aligned(int limit)
    {
        int shift = 9 * _random.Next(3);
        return (ulong)(_random.Next(limit) >> shift << shift);
    }
}
