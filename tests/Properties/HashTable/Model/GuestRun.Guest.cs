using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;
using Xunit;

namespace RingKit.Properties.HashTable.Model;

/// <summary>What the guest does.</summary>
internal sealed partial class GuestRun
{
    private const ulong Success = 0;
    private const ulong Function = unchecked((ulong)HypercallStatus.Function);
    private const ulong Parameter = unchecked((ulong)HypercallStatus.Parameter);
    private const ulong PtegFull = unchecked((ulong)HypercallStatus.PtegFull);
    private const ulong NotFound = unchecked((ulong)HypercallStatus.NotFound);

    private void Enter(GuestStep step)
    {
        GuestAddress address = GuestAddress.All[step.Address];
        ulong r = address.Page(step.Pick(0, 256)) | address.Size.Selector | HpteR.Coherent
            | (step.Pick(8, 4) == 0 ? HpteR.PpReadOnly : 2)
            | (step.Pick(10, 2) == 0 ? HpteR.Changed : 0)
            | (step.Pick(11, 2) == 0 ? HpteR.Referenced : 0)
            | (step.Pick(12, 8) == 0 ? HpteR.Key : 0);
        bool exact = step.Pick(15, 4) == 0;
        ulong bolted = step.Pick(17, 3) == 0 ? HpteV.Bolted : 0;
        if (_byAddress[step.Address] is { } there)
        {
            // The place is taken, whoever asks for it.
            Expect(IsPossible(address, r) ? PtegFull : Parameter, Both(world => world.Call(Hypercall.Enter, HypercallFlags.Exact, there.Index, there.V, r))[0]);
            return;
        }

        foreach (bool secondary in (bool[])[false, true])
        {
            (ulong group, ulong v) = Place(address, secondary);
            v |= bolted | (address.Size.ActualShift > 12 ? HpteV.Large : 0);
            ulong asked = group + (ulong)step.Pick(20, 8);
            ulong[] answer = Both(world => world.Call(Hypercall.Enter, exact ? HypercallFlags.Exact : 0, asked, v, r));
            ulong free = FirstFree(group, exact ? asked : null);
            Expect(!IsPossible(address, r) ? Parameter : free == ulong.MaxValue ? PtegFull : Success, answer[0]);
            if (answer[0] == Success)
            {
                Assert.Equal(free, answer[1]);
                Entered(new GuestMapping(step.Address, v, r, _options.PageShift) { Index = free });
            }

            if (answer[0] != PtegFull)
                return;
        }
    }

    private void Entered(GuestMapping mapping)
    {
        _mappings.Add(mapping.Index, mapping);
        _byAddress[mapping.AddressNumber] = mapping;
        if (Both(world => world.Entry(mapping.Index).IsValid))
            _log.Installed(mapping);
    }

    private (ulong First, ulong V) Place(GuestAddress address, bool secondary)
    {
        VirtualAddress at = address.Virtual;
        ulong hash = HptGeometry.Hash(at.Vsid, at.Address, at.BaseShift, at.IsOneTebibyteSegment);
        ulong v = HptGeometry.FirstWord(at.Vsid, at.Address, at.BaseShift, at.IsOneTebibyteSegment, secondary);
        return (_one.Core.Table.Geometry.Group(hash, secondary) * HptGeometry.EntriesPerGroup, v);
    }

    private ulong FirstFree(ulong group, ulong? exact)
    {
        for (ulong index = exact ?? group; index < (exact + 1 ?? group + HptGeometry.EntriesPerGroup); index++)
        {
            if (!_mappings.ContainsKey(index))
                return index;
        }

        return ulong.MaxValue;
    }

    // A page larger than the host's needs as large ones behind it, and a slot of whole ones. Where there is no memory nobody asks.
    private bool IsPossible(GuestAddress address, ulong r)
    {
        int shift = address.Size.ActualShift;
        ulong at = r & HpteR.Rpn & ~((1UL << shift) - 1);
        return GuestWorld.SlotOf(at) switch
        {
            -1 => true,
            0 => shift <= _options.BackingShift,
            _ => shift <= _options.BackingShift && shift < 20,
        };
    }

    private void Remove(GuestMapping mapping, GuestStep step)
    {
        ulong shown = ShownV(mapping);
        ulong avpn = mapping.V & HpteV.Compared;
        if (step.Pick(0, 4) == 0)
            Expect(NotFound, Both(world => world.Call(Hypercall.Remove, HypercallFlags.Avpn, mapping.Index, avpn ^ 0x80))[0]);
        ulong[] answer = Both(world => world.Call(Hypercall.Remove, HypercallFlags.Avpn, mapping.Index, avpn));
        Removed(mapping);
        Expect(Success, answer[0]);
        Expect(shown, answer[1]);
        CheckGuestR(mapping, answer[2]);
    }

    private void Removed(GuestMapping mapping)
    {
        if (_one.Entry(mapping.Index).IsPresent)
            Assert.Fail($"Entry 0x{mapping.Index:X} is still there.");
        _log.Invalidated(mapping);
        _mappings.Remove(mapping.Index);
        _byAddress[mapping.AddressNumber] = null;
    }

    private void BulkRemove(GuestStep step)
    {
        const ulong end = 3UL << 62;
        GuestMapping?[] asked = [.. Enumerable.Range(0, 3).Select(i => _byAddress[(step.Address + (i * (1 + step.Pick(8, 5)))) % _byAddress.Length])];
        ulong[] requests = [.. asked.SelectMany(mapping => (ulong[])[(1UL << 62) | (mapping?.Index ?? 0x700), 0]), end, 0];
        ulong[] answer = Both(world => world.Call(Hypercall.BulkRemove, requests));
        Expect(Success, answer[0]);
        var gone = new HashSet<GuestMapping>();
        for (int i = 0; i < asked.Length; i++)
        {
            ulong got = answer[1 + (2 * i)];
            if (asked[i] is not { } mapping || !gone.Add(mapping))
            {
                Expect(0x90UL << 56, got & (0xF3UL << 56));
                continue;
            }

            Removed(mapping);
            Expect((0x80UL << 56) | mapping.Index, got & ~(0xCUL << 56));
            CheckGuestR(mapping, mapping.GuestR & ~HpteR.ReferencedChanged | (got >> 51 & HpteR.ReferencedChanged));
        }
    }

    private void Protect(GuestMapping mapping, GuestStep step)
    {
        ulong protection = step.Pick(0, 2) == 0 ? HpteR.PpReadOnly : 2;
        ulong key = (mapping.GuestR & HpteR.Key) == 0 ? 0 : (HpteR.KeyHigh >> 48) | HpteR.KeyLow;
        Expect(Success, Both(world => world.Call(Hypercall.Protect, protection | key, mapping.Index))[0]);
        mapping.GuestR = (mapping.GuestR & ~HpteR.Pp) | protection;
    }

    private void Clear(GuestMapping mapping, bool changed)
    {
        Settle();
        bool valid = _one.Entry(mapping.Index).IsValid;
        ulong[] answer = Both(world => world.Call(changed ? Hypercall.ClearModified : Hypercall.ClearReferenced, 0, mapping.Index));
        if (_options.Era < HashTableEra.ChangedOrder)
        {
            Expect(Function, answer[0]);
            return;
        }

        Expect(Success, answer[0]);
        if (changed && valid)
            NaiveLog.Settle(mapping, kept: false);
        CheckGuestR(mapping, answer[1]);
        if (changed)
            _log.ClearedByGuest(mapping, valid);
    }

    private void Read(GuestMapping mapping)
    {
        Settle();
        ulong[] answer = Both(world => world.Call(Hypercall.Read, 0, mapping.Index));
        Expect(Success, answer[0]);
        Expect(mapping.V | HpteV.Valid, answer[1]);
        if (_one.Entry(mapping.Index).IsValid)
            CheckGuestR(mapping, answer[2]);
    }

    private void PageInit(GuestStep step)
    {
        ulong at = GuestAddress.All[0].Page(step.Pick(0, 31));
        Expect(Success, Both(world => world.Call(Hypercall.PageInit, HypercallFlags.ZeroPage, at))[0]);
        _log.HostWrite(at >> _options.PageShift);
    }

    private void Access(GuestMapping mapping, GuestStep step)
    {
        bool store = step.Kind == GuestStepKind.Store;
        int vcpu = step.Pick(0, ScenarioThread.Vcpus);
        bool late = _options.DelaysChanged && step.Pick(2, 2) == 0;

        // A processor that hashes by the base size finds the entry within that size alone.
        ulong offset = ((ulong)(uint)step.Choice << 9) & ((1UL << mapping.Address.Virtual.BaseShift) - 1);
        bool memory = GuestWorld.SlotOf(mapping.PhysicalAddress) >= 0;
        bool valid = _one.Entry(mapping.Index).IsValid;
        Settle();
        if (Both(world => world.Access(mapping, offset, store, late, vcpu)) != (memory && (!store || mapping.MayWrite)))
            Assert.Fail($"A {step.Kind} through entry 0x{mapping.Index:X} went the wrong way.");
        if (!valid && Both(world => world.Entry(mapping.Index).IsValid))
            _log.Installed(mapping);
        if (store && memory && mapping.MayWrite)
            _log.Store(mapping, (mapping.PhysicalAddress + offset) >> _options.PageShift, Both(world => world.KeepsChanged(mapping.Index, vcpu)));
    }

    // Before 2015 H_REMOVE showed that an entry was absent.
    private ulong ShownV(GuestMapping mapping) =>
        _options.Era < HashTableEra.ChangedOrder && !_one.Entry(mapping.Index).IsValid
            ? (mapping.V & ~HpteV.Valid) | HpteV.Absent
            : mapping.V | HpteV.Valid;

    // The guest's own word, in which C is set if it was stored to and clear if it was not. Of R the processors know more than the model.
    private static void CheckGuestR(GuestMapping mapping, ulong r)
    {
        if (((r ^ mapping.GuestR) & ~HpteR.ReferencedChanged) != 0)
            Assert.Fail($"The guest's R of entry 0x{mapping.Index:X} is 0x{r:X}, and it gave 0x{mapping.GuestR:X}.");
        bool changed = (r & HpteR.Changed) != 0;
        if (changed ? !mapping.GuestMaySeeChanged : mapping.GuestMustSeeChanged)
            Assert.Fail($"The guest's C of entry 0x{mapping.Index:X} is {changed}.");
    }

    private static void Expect(ulong expected, ulong answer)
    {
        if (answer != expected)
            Assert.Fail($"The answer is 0x{answer:X}, not 0x{expected:X}.");
    }
}
