using System.Numerics;
using RingKit.Bitmaps;
using RingKit.DirtyRings;
using RingKit.Mmu.DirtyLogging.Sinks;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>Protects what an adaptive log drains, hands it to a sink, and counts it.</summary>
/// <remarks>
/// A page's entry in a page table may be anywhere in memory, and to protect it is an atomic step, which waits for it alone. So the page table hears of pages some steps
/// before: of a ring's entries when they are harvested, and of masks by keeping the last few back. Those are not in here: a quiet round would fill them with zeros.
/// </remarks>
internal ref struct AdaptiveTarget<TSink>(WriteProtectingLog log, VirtualMachine machine, ref TSink sink, ref KeptMasks kept) : IAdaptiveTarget
    where TSink : struct, IDirtyPageSink
{
    private const int Most = KeptMasks.Count;

    private readonly ref TSink _sink = ref sink;
    private readonly ref KeptMasks _kept = ref kept;
    private MemorySlot? _slot;
    private SummaryPath _path;
    private ulong _line = ulong.MaxValue;
    private uint _first;
    private uint _end;

    public ulong Pages { get; private set; }

    public ulong Words { get; private set; }

    public readonly ulong WordsRead => _path.Words;

    public void Enter(int slot, SummaryPath path)
    {
        _slot = machine.Memory.Slots[slot];
        _path = path;
    }

    void IDirtyMaskSink.Accept(ulong firstPage, ulong mask)
    {
        machine.Mmu.Prefetch(_slot!, firstPage, mask);
        _path.Reach(firstPage);
        _kept[(int)(_end++ % Most)] = (firstPage, mask);
        if (_end - _first == Most)
            HandOldest();
    }

    public void Leave()
    {
        while (_first != _end)
            HandOldest();
    }

    public bool TryGiveBack(out ulong firstPage, out ulong mask)
    {
        (firstPage, mask) = _kept[(int)(_first % Most)];
        if (_first == _end)
            return false;
        _first++;
        return true;
    }

    // Of neighbours once, as they come in rings: their entries share a cache line.
    void IDirtyEntrySink.Accept(uint slot, ulong offset)
    {
        ulong line = offset >> AnnouncingSink.PagesPerLineShift;
        if (line == _line)
            return;
        _line = line;
        if (offset < PagesIn(slot))
            machine.Mmu.Prefetch(_slot!, offset, 1);
    }

    public ulong PagesIn(uint slot)
    {
        if (_slot?.Ordinal != (int)slot)
            _slot = slot < (uint)machine.Memory.Slots.Length ? machine.Memory.Slots[(int)slot] : null;
        return _slot?.PageCount ?? 0;
    }

    public void Reset(uint slot, ulong baseOffset, ulong mask) => Hand(baseOffset, mask);

    // Kept until the sink has taken it.
    private void HandOldest()
    {
        (ulong firstPage, ulong mask) = _kept[(int)(_first % Most)];
        Hand(firstPage, mask);
        _first++;
    }

    private void Hand(ulong firstPage, ulong mask)
    {
        log.Protect(_slot!, firstPage, mask);
        Pages += (uint)BitOperations.PopCount(mask);
        Words++;
        _sink.Accept(_slot!, firstPage, mask);
    }
}
