using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.HashTable.Model;

/// <summary>
/// Runs a script in two worlds that differ in how their logs are read, and beside them in the model. Both worlds give the same answers, have the same words
/// after each harvest, and well-formed chains with free locks after each step.
/// </summary>
internal sealed partial class GuestRun : IDisposable
{
    private const int Slots = 2;

    private readonly HashTableOptions _options;
    private readonly GuestWorld _one;
    private readonly GuestWorld _other;
    private readonly NaiveLog _log;
    private readonly SortedDictionary<ulong, GuestMapping> _mappings = [];
    private readonly GuestMapping?[] _byAddress = new GuestMapping?[GuestAddress.All.Length];

    private GuestRun(HashTableOptions options)
    {
        _options = options;
        _one = new GuestWorld(options);
        _other = new GuestWorld(options);
        _log = new NaiveLog(options, page => GuestWorld.SlotOf(page << options.PageShift), Slots);
        SwitchLog(0);
    }

    /// <summary>Runs a script, and fails the test if anything is not as the model says.</summary>
    public static void Run(GuestScript script, HashTableDefects defects = HashTableDefects.None)
    {
        using var run = new GuestRun(script.Options with { Defects = defects });
        foreach (GuestStep step in script.Steps)
        {
            run.Take(step);
            run.CheckTables();
        }

        run.Harvest(vcpusRun: false, HarvestMethod.Walk, HarvestMethod.Sweep);
        run.CheckTables();
        run._log.CheckCopies([.. run.Valid]);
    }

    public void Dispose()
    {
        _one.Dispose();
        _other.Dispose();
    }

    private IEnumerable<GuestMapping> Valid => _mappings.Values.Where(mapping => _one.Entry(mapping.Index).IsValid);

    private void Take(GuestStep step)
    {
        GuestMapping? mapping = _byAddress[step.Address];
        switch (step.Kind)
        {
            case GuestStepKind.Enter:
                Enter(step);
                break;
            case GuestStepKind.Remove when mapping is not null:
                Remove(mapping, step);
                break;
            case GuestStepKind.BulkRemove:
                BulkRemove(step);
                break;
            case GuestStepKind.Protect when mapping is not null:
                Protect(mapping, step);
                break;
            case GuestStepKind.ClearReferenced or GuestStepKind.ClearModified when mapping is not null:
                Clear(mapping, step.Kind == GuestStepKind.ClearModified);
                break;
            case GuestStepKind.Read when mapping is not null:
                Read(mapping);
                break;
            case GuestStepKind.PageInit:
                PageInit(step);
                break;
            case GuestStepKind.Store or GuestStepKind.Load when mapping is not null:
                Access(mapping, step);
                break;
            case GuestStepKind.PageOut or GuestStepKind.Share or GuestStepKind.PageIn or GuestStepKind.Age:
                Host(step);
                break;
            case GuestStepKind.Get or GuestStepKind.FinalGet:
                Harvest(step.Kind == GuestStepKind.Get, (HarvestMethod)step.Pick(0, 4), (HarvestMethod)step.Pick(8, 4));
                break;
            case GuestStepKind.SwitchLog:
                SwitchLog(step.Pick(0, 4) == 0 ? 0 : 1);
                break;
            case GuestStepKind.Resize:
                Resize(18 + step.Pick(0, 2));
                break;
            case GuestStepKind.NoteModifications:
                _one.Core.NotesModifications = _other.Core.NotesModifications = step.Pick(0, 2) == 0;
                break;
        }
    }

    private T Both<T>(Func<GuestWorld, T> act)
    {
        T one = act(_one), other = act(_other);
        bool same = (one, other) is (ulong[] first, ulong[] second) ? first.AsSpan().SequenceEqual(second) : EqualityComparer<T>.Default.Equals(one, other);
        if (!same)
            Assert.Equal(one, other);
        return one;
    }

    private void Settle()
    {
        foreach (GuestMapping mapping in _mappings.Values)
            NaiveLog.Settle(mapping, Keeps(mapping));
    }

    private bool Keeps(GuestMapping mapping) => Both(world => world.KeepsChanged(mapping.Index));

    private void Harvest(bool vcpusRun, HarvestMethod one, HarvestMethod other)
    {
        Settle();
        GuestMapping[] valid = [.. Valid];
        ulong[]?[] reported = new ulong[]?[Slots];
        for (int slot = 0; slot < Slots; slot++)
        {
            if (!_log.Logs(slot))
                continue;
            reported[slot] = _one.Get(slot, one, vcpusRun);
            ulong[] second = _other.Get(slot, other, vcpusRun);
            if (!second.AsSpan().SequenceEqual(reported[slot]))
                Assert.Fail($"{one} reports {reported[slot]!.Length} pages of slot {slot}, {other} {second.Length}, and not the same.");
        }

        for (int slot = 0; slot < Slots; slot++)
        {
            if (reported[slot] is { } pages)
                _log.Harvested(slot, pages, vcpusRun, valid, Keeps);
        }

        CheckSame();
    }

    private void CheckSame()
    {
        if (!_one.Core.Table.View.AsSpan().SequenceEqual(_other.Core.Table.View.AsSpan()))
            Assert.Fail("The harvests leave different tables.");
        foreach (ulong index in _mappings.Keys)
        {
            if (_one.Core.Chains.LoadGuestR(index) != _other.Core.Chains.LoadGuestR(index))
                Assert.Fail($"The harvests leave different words of the guest's for entry 0x{index:X}.");
        }

        for (int slot = 0; slot < Slots; slot++)
        {
            if (!_one.Core.Slots[slot].Rmap.AsSpan().SequenceEqual(_other.Core.Slots[slot].Rmap.AsSpan()))
                Assert.Fail($"The harvests leave different rmap words in slot {slot}.");
        }
    }

    private void CheckTables()
    {
        foreach (GuestWorld world in (GuestWorld[])[_one, _other])
        {
            if (ChainInvariant.FindViolation(world.Core) is { } violation)
                Assert.Fail(violation);
            foreach (GuestMapping mapping in _mappings.Values)
                CheckEntry(world, mapping);
        }
    }

    // The guest's V, whatever the host has done; the host's page behind it; and no more rights than guest and host both give.
    private void CheckEntry(GuestWorld world, GuestMapping mapping)
    {
        const ulong hosts = HpteV.Valid | HpteV.Absent;
        Hpte entry = world.Entry(mapping.Index);
        if (!entry.IsPresent || ((entry.V ^ mapping.V) & ~hosts) != 0)
            Assert.Fail($"Entry 0x{mapping.Index:X} is {entry}, and V was 0x{mapping.V:X}.");
        if (!entry.IsValid)
            return;

        HashSlot<HardwareOrdering>? slot = world.Core.FindSlot(mapping.FirstPage);
        if (slot is null)
            Assert.Fail($"Entry 0x{mapping.Index:X} is valid and there is no memory.");
        ulong expected = slot.HostAddress + mapping.PhysicalAddress - (slot.BaseGfn << _options.PageShift);
        if ((entry.R & HpteR.Rpn & ~(mapping.Address.Size.Bytes - 1)) != expected)
            Assert.Fail($"Entry 0x{mapping.Index:X} is {entry}, and the page is at 0x{expected:X}.");
        if (entry.IsWritable && !mapping.MayWrite)
            Assert.Fail($"Entry 0x{mapping.Index:X} is writable against the guest's will.");
        for (ulong page = mapping.FirstPage; page < mapping.FirstPage + mapping.PageCount; page++)
        {
            uint host = slot.Host[page - slot.BaseGfn];
            if ((host & HostPages<HardwareOrdering>.NotPresent) != 0 || (entry.IsWritable && (host & HostPages<HardwareOrdering>.ReadOnly) != 0))
                Assert.Fail($"Entry 0x{mapping.Index:X} gives page 0x{page:X}, which is the host's: {host}.");
        }
    }

    private void SwitchLog(int slot)
    {
        bool on = !_log.Logs(slot);
        Settle();
        Both(world => world.SwitchLog(slot, on));
        if (on)
            _log.Start(slot, Valid, Keeps);
        else
            _log.Stop(slot, Valid);
    }
}
