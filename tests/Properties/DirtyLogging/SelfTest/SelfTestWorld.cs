using System.Collections;
using System.Numerics;
using System.Runtime.InteropServices;
using RingKit.DirtyRings;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>
/// A machine with its guests, its log and what was reported: the invariants I1 to I4 of the kernel's dirty_log_test. I5 is that its runs end.
/// </summary>
/// <remarks>Thread role: harvests by one thread at a time, while vCPUs run; the rest when they have stopped.</remarks>
internal sealed class SelfTestWorld : IDisposable
{
    private const int MostViolations = 8;

    private readonly SelfTestCase _test;
    private readonly SelfTestMutant _mutant;
    private readonly SelfTestPages _reported = new();
    private readonly List<string> _violations = [];
    private readonly Random _random;
    private ulong _refused;
    private bool _isFirst;
    private bool _hasHarvested;
    private bool _isLogged;

    public SelfTestWorld(SelfTestCase test, int vcpus, int seed, SelfTestMutation mutation)
    {
        _test = test;
        _mutant = new SelfTestMutant(mutation, Memory, seed);
        _random = new Random(seed);
        Plan = new SelfTestPlan(seed);
        Machine = test.MakeMachine(Memory.Memory, vcpus);
        Log = test.MakeLog(Machine);
        Guests = [.. Machine.Vcpus.Select(vcpu => new SelfTestGuest(Memory, Plan, test.Reads, seed + 1 + vcpu.Id))];
    }

    public SelfTestMemory Memory { get; } = new();

    public SelfTestPlan Plan { get; }

    public VirtualMachine Machine { get; }

    public IDirtyLog Log { get; }

    public IReadOnlyList<SelfTestGuest> Guests { get; }

    /// <summary>Counts from 1.</summary>
    public ulong Iteration { get; private set; }

    /// <summary>Stores that had not retired when their page was reported: how often that exception was used.</summary>
    public int UnretiredStores { get; private set; }

    public int Harvests { get; private set; }

    /// <summary>What did not hold, the first few of it.</summary>
    public IReadOnlyList<string> Violations => _violations;

    public void StartLog()
    {
        Log.Start();
        _isFirst = _isLogged = true;
        _hasHarvested = false;
    }

    public void StopLog()
    {
        Log.Stop();
        _isLogged = false;
    }

    public void Begin(bool isLast)
    {
        Iteration++;
        _reported.Clear();
        _mutant.Begin(_isFirst, isLast, _reported);
        foreach (SelfTestGuest guest in Guests)
            guest.Begin(Iteration);
    }

    /// <summary>Collects while the vCPUs run: at once, or in two phases of which the second puts some pages back.</summary>
    public void Harvest()
    {
        if (_hasHarvested && _random.Next(4) == 0)
            TakeInto(_reported.WhileRunning, putsBack: true);
        else
            HarvestInto(_reported.WhileRunning);
    }

    /// <summary>A device writes the iteration's number to a page. Any thread.</summary>
    public void WriteAsDevice(int page)
    {
        Errno error = Machine.WriteAsDevice(Memory.AddressOf(page), MemoryMarshal.AsBytes([Iteration]));
        if (error != Errno.None)
            throw new InvalidOperationException($"A device's write to page {page} ended with {error}.");
    }

    /// <summary>Collects the rest, and verifies every page.</summary>
    public void End()
    {
        if (!_isLogged)
            return;
        if (_hasHarvested && _random.Next(4) == 0)
            TakeInto(_reported.WhenStopped, putsBack: false);
        else
            HarvestInto(_reported.WhenStopped);
        CheckResets();
        _mutant.End(Iteration, _isFirst, _reported);
        for (int page = 0; page < SelfTestMemory.PageCount; page++)
            Check(page, Memory.ValueOf(page));
        _isFirst = false;
    }

    public void Dispose()
    {
        Log.Dispose();
        Machine.Dispose();
        Memory.Dispose();
    }

    private void HarvestInto(BitArray reported)
    {
        var sink = new Sink(this, _hasHarvested ? reported : _reported.AtStart);
        Log.Harvest(ref sink);
        _hasHarvested = true;
        Harvests++;
    }

    // What is put back comes again with the next harvest, and counts then.
    private void TakeInto(BitArray reported, bool putsBack)
    {
        var sink = new Sink(this, reported);
        using DirtyHarvest harvest = Log.Take();
        Harvests++;
        foreach (DirtyPages pages in harvest)
        {
            ulong back = putsBack ? (ulong)_random.NextInt64() : 0;
            if (_random.Next(2) == 0)
                harvest.PutBack(pages.Slot, pages.BaseOffset, pages.Mask & back);
            ulong arrived = pages.Mask & ~back;
            if (arrived == 0)
                continue;
            harvest.Confirm(pages.Slot, pages.BaseOffset, arrived);
            sink.Accept(pages.Slot, pages.BaseOffset, arrived);
        }
    }

    private void Check(int page, ulong value)
    {
        if (_reported.Has(page) && value != Iteration && !IsExcepted(page, value))
            Fail("I1", $"{Describe(page)} holds {value} and was reported{(_reported.WhenStopped[page] ? " when the vCPUs had stopped" : "")}");
        if (!_reported.Has(page) && value >= Iteration)
            Fail("I2", $"{Describe(page)} holds {value} and was not reported");
    }

    private bool IsExcepted(int page, ulong value)
    {
        if (value > Iteration)
            return false;
        if (!_reported.HasSinceStart(page) && _test.Grants(SelfTestExceptions.InitiallySet))
            return true;
        if (!_test.Grants(SelfTestExceptions.UnretiredStore) || Guests.All(guest => guest.Pending != page))
            return false;
        UnretiredStores++;
        return true;
    }

    // I4: all that the vCPUs pushed was harvested and reset, and nothing that they did not push.
    private void CheckResets()
    {
        ulong refused = Log.Statistics.RefusedPages;
        if (refused != _refused)
            Fail("I3", $"{refused - _refused} pages outside the slots were refused");
        _refused = refused;
        if (Log is not RingDirtyLog { Rings: var rings })
            return;
        foreach (DirtyRing ring in rings)
        {
            DirtyRingHarvester harvester = ring.Harvester;
            ulong strange = ring.FullPushes + harvester.ForeignFlags + harvester.ForgedEntries + harvester.OvertakenEntries + ring.Resetter.ForgedResets;
            if (ring.Used != 0 || strange != 0)
                Fail("I4", $"{ring.Used} entries are not reset, {strange} are strange");
        }
    }

    private string Describe(int page) => $"page {page} (slot {Memory[page].Slot.Id}, {Memory[page].Offset})";

    private void Fail(string invariant, string what)
    {
        if (_violations.Count < MostViolations)
            _violations.Add($"{invariant}, iteration {Iteration}: {what}");
    }

    private readonly struct Sink(SelfTestWorld world, BitArray reported) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
            if (world.Machine.Memory.FindById(slot.Id) != slot || mask == 0 || baseOffset + (ulong)BitOperations.Log2(mask) >= slot.PageCount)
            {
                world.Fail("I3", $"slot {slot.Id} has no pages {baseOffset}, mask {mask:X}");
                return;
            }

            for (; mask != 0; mask &= mask - 1)
            {
                int page = world.Memory.NumberOf(slot, baseOffset + (uint)BitOperations.TrailingZeroCount(mask));
                if (world._mutant.Passes(page, world._reported))
                    reported[page] = true;
            }
        }
    }
}
