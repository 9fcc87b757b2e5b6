using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu;
using RingKit.Mmu.Stage2;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;

namespace RingKit.Properties.Stage2;

/// <summary>Random operations against a flat model; references are exact, and no rule is broken, after each.</summary>
public sealed class Stage2AgainstModel
{
    private static readonly ulong[] Offsets = [0, Page, 5 * Page, 63 * Page, 64 * Page, 511 * Page];

    private static readonly Stage2Attributes Device = Encode(Stage2Protection.Read | Stage2Protection.Write | Stage2Protection.Device);

    [Theory]
    [InlineData(32)]
    [InlineData(34)]
    [InlineData(35)]
    [InlineData(40)]
    [InlineData(44)]
    [InlineData(48)]
    public void Random_operations(int ipaBits)
    {
        Gen<Stage2Step> step =
            from kind in Gen.Elements(Enum.GetValues<Stage2StepKind>())
            from a in Gen.Choose(0, 1 << 20)
            from b in Gen.Choose(0, 1 << 20)
            from c in Gen.Choose(0, int.MaxValue - 1)
            select new Stage2Step(kind, a, b, c);
        Props.Check(
            Prop.ForAll(Arb.From(step.ArrayOf()), steps => Run(ipaBits, steps)),
            $"{nameof(Random_operations)}({ipaBits})",
            maxTest: 60);
    }

    private static void Run(int ipaBits, Stage2Step[] steps)
    {
        // The disposal of the machine asks for a leak of 0.
        using var machine = new Stage2Machine(ipaBits);
        ulong top = (1UL << ipaBits) - Gigabyte;
        ulong[] blocks = [0, Block, 511 * Block, top, top + Block, top + (511 * Block)];
        var model = new Stage2Model([.. blocks.SelectMany(block => Offsets.Select(offset => block + offset)).Order()]);
        foreach (Stage2Step step in steps)
        {
            Apply(machine, model, step, ipaBits);
            foreach (ulong page in model.Pages)
            {
                Stage2Walk walk = machine.Table.Walk(page + 0x123);
                Assert.Equal(model.Find(page) is null, !walk.IsMapped);
                if (model.Find(page) is Stage2Model.Mapping mapping)
                {
                    Assert.Equal(
                        (mapping.Level, mapping.Address + 0x123, mapping.Attributes),
                        (walk.Level, walk.OutputAddress(page + 0x123), walk.Descriptor.Attributes.Bits));
                }
            }

            machine.CheckReferences();
            machine.CheckRules();
        }

        Assert.Equal(Errno.None, machine.Table.Unmap(ref machine.Thread, 0, 1UL << ipaBits));
        Assert.Equal(0, machine.TablesInUse);
        machine.CheckReferences();
    }

    private static void Apply(Stage2Machine machine, Stage2Model model, Stage2Step step, int ipaBits)
    {
        ulong page = model.Pages[step.A % model.Pages.Count], other = model.Pages[step.B % model.Pages.Count];
        ulong first = Math.Min(page, other), size = Math.Max(page, other) - first + Page;
        ulong mask = (ulong)step.B * (ulong)step.C;
        Stage2Attributes attributes = (step.C % 4) switch { 0 => ReadOnly, 1 => Device, _ => ReadWrite };
        switch (step.Kind)
        {
            case Stage2StepKind.MapPage:
                Map(machine, model, page, 3, step.B, attributes);
                break;
            case Stage2StepKind.MapBlock:
                Map(machine, model, page & ~(Block - 1), 2, step.B, attributes);
                break;
            case Stage2StepKind.MapGigabyte when ipaBits < 35:
                Assert.Equal(Errno.Invalid, machine.Map(page & ~(Gigabyte - 1), 1, 0));
                break;
            case Stage2StepKind.MapGigabyte:
                Map(machine, model, page & ~(Gigabyte - 1), 1, step.B, attributes);
                break;
            case Stage2StepKind.Unmap:
                Assert.Equal(Errno.None, machine.Table.Unmap(ref machine.Thread, first, size));
                model.Unmap(first, size);
                break;
            case Stage2StepKind.Protect:
                Assert.Equal(Errno.None, machine.Table.WriteProtect(ref machine.Thread, first, size, out _));
                machine.Thread.InvalidateRange(first, size);
                machine.Checker.Delivered();
                model.Clear(first, size, Stage2Attributes.WriteBit);
                break;
            case Stage2StepKind.ProtectSpan or Stage2StepKind.ProtectExact:
                ProtectWord(machine, model, Math.Min(page, (1UL << ipaBits) - (64 * Page)), mask, exact: step.Kind == Stage2StepKind.ProtectExact);
                break;
            case Stage2StepKind.SetYoung:
                Assert.Equal(model.Find(page) is null ? Errno.Again : Errno.None, machine.Table.SetYoung(ref machine.Thread, page));
                model.Set(page, Stage2Attributes.AccessBit);
                break;
            case Stage2StepKind.ClearYoung:
                Assert.Equal(Errno.None, machine.Table.ClearYoung(ref machine.Thread, first, size, out _));
                model.Clear(first, size, Stage2Attributes.AccessBit);
                break;
            case Stage2StepKind.Relax:
                Assert.Equal(
                    model.Find(page) is null ? Errno.Again : Errno.None, machine.Table.Relax(ref machine.Thread, page, Stage2Protection.Write));
                model.Set(page, Stage2Attributes.WriteBit);
                break;
            case Stage2StepKind.Split:
                machine.TopUp();
                Assert.Equal(model.Find(page) is null ? Errno.Again : Errno.None, machine.Table.Split(ref machine.Thread, page, machine.Cache));
                model.Split(page);
                break;
            case Stage2StepKind.Collapse:
                Collapse(machine, model, page, level: ipaBits < 35 ? 2 : 1 + (step.B % 2));
                break;
            case Stage2StepKind.Access:
                machine.Access(step.B % 2, page, write: step.C % 2 == 0);
                break;
        }
    }

    private static void Map(Stage2Machine machine, Stage2Model model, ulong ipa, int level, int choice, Stage2Attributes attributes)
    {
        // One of three homes, so that the same is mapped again at times, and neighbours are contiguous at times.
        ulong address = ((ulong)(choice % 3) << 40) + (ipa & (Gigabyte - 1) & ~(Stage2Geometry.SizeAt(level) - 1));
        bool changes = model.Map(ipa, level, address, attributes);
        Assert.Equal(changes ? Errno.None : Errno.Again, machine.Map(ipa, level, address, attributes));
    }

    private static void ProtectWord(Stage2Machine machine, Stage2Model model, ulong ipa, ulong mask, bool exact)
    {
        Errno error = exact
            ? machine.Table.WriteProtectExact(ref machine.Thread, ipa, mask, out _)
            : machine.Table.WriteProtectSpan(ref machine.Thread, ipa, mask, out _);
        Assert.Equal(Errno.None, error);
        machine.Flush();
        machine.Checker.Delivered();
        for (int i = 0; i < 64; i++)
        {
            bool within = exact ? ((mask >> i) & 1) != 0 : (mask >> i) != 0 && (mask << (63 - i)) != 0;
            if (within)
                model.Clear(ipa + ((ulong)i * Page), Page, Stage2Attributes.WriteBit);
        }
    }

    private static void Collapse(Stage2Machine machine, Stage2Model model, ulong page, int level)
    {
        // A block is split first, so that there is something to collapse more often than chance would have it.
        bool splits = model.Find(page) is Stage2Model.Mapping mapping && mapping.Level == level;
        if (splits)
        {
            machine.TopUp();
            Assert.Equal(Errno.None, machine.Table.Split(ref machine.Thread, page, machine.Cache));
            model.Split(page);
        }

        Errno error = machine.Table.Collapse(ref machine.Thread, page, level);
        if (error == Errno.None)
        {
            ulong accessed = machine.Table.Walk(page).Descriptor.Attributes.Bits & Stage2Attributes.AccessBit;
            Assert.True(model.Collapse(page & ~(Stage2Geometry.SizeAt(level) - 1), level, accessed));
            return;
        }

        // The model does not know all 512, so else it cannot tell what stands in the way.
        Assert.Equal(Errno.Invalid, error);
        Assert.False(splits);
    }
}
