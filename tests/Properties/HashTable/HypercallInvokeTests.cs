using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Properties.Support;
using RingKit.Sweeps;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>Hypercalls by their number: any words get an answer, and the format of the table is not the guest's to see.</summary>
public sealed class HypercallInvokeTests
{
    [Fact]
    public void Each_number_reaches_its_call_and_answers_where_papr_says()
    {
        using var scenario = new HashScenario();
        ulong[] entered = [HypercallFlags.Exact, HashScenario.Index, HashScenario.V, HashScenario.R];
        Check(scenario, Hypercall.Enter, entered, HypercallStatus.Success, [HashScenario.Index]);
        scenario.Thread.Store(HashScenario.Index);
        Check(scenario, Hypercall.Read, [0, HashScenario.Index, 7], HypercallStatus.Success, [HashScenario.V, HashScenario.R, 7]);
        Check(scenario, Hypercall.ClearModified, [0, HashScenario.Index], HypercallStatus.Success, [HashScenario.R, HashScenario.Index]);
        Check(scenario, Hypercall.ClearReferenced, [0, HashScenario.Index], HypercallStatus.Success, [0x0042_1112, HashScenario.Index]);
        Check(scenario, Hypercall.Protect, [3, HashScenario.Index, 0], HypercallStatus.Success, [3, HashScenario.Index, 0]);
        Check(scenario, Hypercall.Remove, [0, HashScenario.Index, 9], HypercallStatus.Success, [HashScenario.V, 0x0042_1013, 9]);
        Check(scenario, Hypercall.BulkRemove, [1UL << 62, 0, 3UL << 62], HypercallStatus.Success, [0x90UL << 56, 0, 3UL << 62]);
        Check(scenario, Hypercall.PageInit, [HypercallFlags.ZeroPage, 0x42_0000, 0], HypercallStatus.Success, [HypercallFlags.ZeroPage, 0x42_0000, 0]);
        Check(scenario, Hypercall.Remove, [0, HashScenario.Index, 9], HypercallStatus.NotFound, [0, HashScenario.Index, 9]);
    }

    [Fact]
    public void Other_numbers_are_no_hypercalls()
    {
        using var scenario = new HashScenario();
        foreach (ulong number in (ulong[])[0, 1, 0x1C, 0x20, 0x120, 0x128, 0x1_0000_0008, ulong.MaxValue])
            Check(scenario, number, [1, 2, 3, 4], HypercallStatus.Function, [1, 2, 3, 4]);
        Assert.Throws<ArgumentException>("registers", () => scenario.Core.Invoke(ref scenario.Thread, Hypercall.Enter, new ulong[7]));
    }

    [Fact]
    public void Any_words_get_an_answer_and_leave_no_lock_behind()
    {
        Property property = Prop.ForAll(
            (from steps in HashStep.Any.ArrayOf()
             from era in Gen.Elements(HashScenario.Eras)
             from isa30 in Gen.Elements(false, true)
             select (steps, era, isa30)).ToArbitrary(),
            given =>
            {
                using var scenario = new HashScenario(HashScenario.SmallOptions(given.era, given.isa30), slotPages: 256);
                Span<ulong> registers = stackalloc ulong[8];
                foreach (HashStep step in given.steps)
                    Assert.True(Enum.IsDefined(step.Run(scenario, registers)));
                scenario.CheckLocksAreFree();
                scenario.CheckChains();
            });
        Props.Check(property, nameof(Any_words_get_an_answer_and_leave_no_lock_behind), maxTest: 300, endSize: 300);
    }

    [Fact]
    public void The_guest_sees_the_same_in_both_formats()
    {
        Property property = Prop.ForAll(
            (from steps in HashStep.Plausible.ArrayOf() from era in Gen.Elements(HashScenario.Eras) select (steps, era)).ToArbitrary(),
            given =>
            {
                using var older = new HashScenario(HashScenario.SmallOptions(given.era), slotPages: 256);
                using var newer = new HashScenario(HashScenario.SmallOptions(given.era, isa30: true), slotPages: 256);
                ulong[] answers = new ulong[8];
                ulong[] newerAnswers = new ulong[8];
                foreach (HashStep step in given.steps)
                {
                    Assert.Equal(step.Run(older, answers), step.Run(newer, newerAnswers));
                    if (step is { Kind: HashStepKind.Hypercall, Number: Hypercall.Read })
                        ForgetEmptySegments(newerAnswers);
                    Assert.Equal(answers, newerAnswers);
                }

                CheckSameTables(older, newer);
            });
        Props.Check(property, nameof(The_guest_sees_the_same_in_both_formats), maxTest: 300, endSize: 300);
    }

    // Where there is no entry, the newer format still names the last one's segment size, as its R has it.
    private static void ForgetEmptySegments(Span<ulong> words)
    {
        for (int i = 0; i < words.Length; i += 2)
        {
            if ((words[i] & ~HpteV.SegmentSize) == 0)
                words[i] = 0;
        }
    }

    private static void CheckSameTables(HashScenario older, HashScenario newer)
    {
        for (ulong index = 0; index < 64; index++)
        {
            WordPair raw = older.Core.Table.View[(nuint)index];
            WordPair newerRaw = newer.Core.Table.View[(nuint)index];
            Hpte entry = Hpte.FromRaw(raw);
            Hpte newerEntry = Hpte.FromRaw(newerRaw);
            if (entry.IsPresent)
                Assert.Equal(entry.ToIsa30(), newerEntry);
            else
                Assert.Equal(entry.V, newerEntry.V);
            Assert.Equal(entry.R, Hpte.FromIsa30(newerEntry.V, newerEntry.R).R);
            Assert.Equal(older.GuestR(index), newer.GuestR(index));
        }

        for (ulong gfn = 0; gfn < older.Slot.PageCount; gfn++)
        {
            Assert.Equal(older.Rmap(gfn), newer.Rmap(gfn));
            Assert.Equal(older.Chain(gfn), newer.Chain(gfn));
        }

        Assert.Equal(older.TakeChanged(), newer.TakeChanged());
    }

    private static void Check(HashScenario scenario, ulong number, ulong[] given, HypercallStatus status, ulong[] answers)
    {
        ulong[] registers = [.. given, .. new ulong[8 - given.Length]];
        Assert.Equal(status, scenario.Core.Invoke(ref scenario.Thread, number, registers));
        Assert.Equal(answers, registers[..answers.Length]);
        Assert.All(registers[Math.Max(given.Length, answers.Length)..], register => Assert.Equal(0ul, register));
    }
}
