using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;

namespace RingKit.Properties.HashTable;

/// <summary>A step of a random guest.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Number">The hypercall; or the index of an access; or the page whose state on the host changes.</param>
/// <param name="Words">r4 to r11; or the state in the first one.</param>
internal sealed record HashStep(HashStepKind Kind, ulong Number, ulong[] Words)
{
    private const int Indices = 12;
    private const int Pages = 0x110;

    private static readonly ulong[] Numbers =
    [
        Hypercall.Enter, Hypercall.Enter, Hypercall.Enter, Hypercall.Remove, Hypercall.BulkRemove, Hypercall.Protect, Hypercall.Read,
        Hypercall.ClearReferenced, Hypercall.ClearModified,
    ];

    private static readonly ulong[] Selectors = [0, 0x1000, 0x7000, 0x8000, 0x38000, 0x3000, 0x2000];

    /// <summary>What guests do, in few groups and few pages, so that steps meet.</summary>
    public static Gen<HashStep> Plausible => Gen.Frequency(
        (6, PlausibleCall),
        (2, from kind in Gen.Elements(HashStepKind.Store, HashStepKind.LateStore, HashStepKind.Load) from index in Index select new HashStep(kind, index, [])),
        (1, from page in UpTo(0xFF) from state in Gen.Elements(0UL, 0UL, 0UL, 1UL, 2UL, 4UL) select new HashStep(HashStepKind.HostPage, page, [state])));

    /// <summary>Calls with any words at all, among plausible ones.</summary>
    public static Gen<HashStep> Any => Gen.Frequency(
        (2, Plausible),
        (1, from number in Gen.OneOf(Gen.Elements(Numbers), Gen.Constant(Hypercall.PageInit), AnyWord)
            from words in AnyWord.ArrayOf(8)
            select new HashStep(HashStepKind.Hypercall, number, words)),
        (1, from step in PlausibleCall
            from word in Gen.Choose(0, 7)
            from value in AnyWord
            select step.With(word, value)));

    private static Gen<ulong> Index => UpTo(Indices - 1);

    // Any 64 bits, one bit, or all but one: KVM's tests are of single bits.
    private static Gen<ulong> AnyWord => Gen.OneOf(
        from high in Gen.Choose(int.MinValue, int.MaxValue) from low in Gen.Choose(int.MinValue, int.MaxValue) select ((ulong)(uint)high << 32) | (uint)low,
        Gen.Choose(0, 63).Select(bit => 1UL << bit),
        Gen.Choose(0, 63).Select(bit => ~(1UL << bit)),
        Gen.Elements(0UL, ulong.MaxValue));

    private static Gen<ulong> Flags =>
        from bits in UpTo(0x3FFF)
        from exact in Gen.Elements(0UL, HypercallFlags.Exact)
        from four in Gen.Elements(0UL, HypercallFlags.ReadFour)
        from condition in Gen.Elements(0UL, 0UL, HypercallFlags.Avpn, HypercallFlags.AndCondition)
        select bits | exact | four | condition;

    // Both formats have room for these: no bit of V from 52 to 61, and none of R's page number from 58.
    private static Gen<ulong> FirstWord =>
        from vsid in UpTo(2)
        from low in UpTo(0x7F)
        from segment in Gen.Elements(0UL, HpteV.OneTebibyte)
        select ((vsid + 1) << 12) | low | segment;

    private static Gen<ulong> SecondWord =>
        from page in UpTo(Pages)
        from selector in Gen.Elements(Selectors)
        from low in UpTo(0xFFF)
        from wimg in Gen.Frequency((4, Gen.Constant(HpteR.Coherent)), (1, UpTo(15).Select(bits => bits << 3)))
        from high in UpTo(15)
        select (page << 12 & ~0xF000UL) | selector | (low & ~HpteR.Wimg) | wimg | (high << 60);

    private static Gen<ulong> Operand => Gen.OneOf(FirstWord, FirstWord.Select(v => v & HpteV.Compared), UpTo(0x7F), Gen.Constant(0UL));

    private static Gen<ulong> BulkWord =>
        from type in Gen.Frequency((9, Gen.Constant(1UL)), (1, UpTo(3)))
        from condition in Gen.Frequency((9, UpTo(2)), (1, Gen.Constant(3UL)))
        from index in Index
        select (type << 62) | (condition << 56) | index;

    private static Gen<HashStep> PlausibleCall =>
        from number in Gen.Elements(Numbers)
        from flags in Flags
        from index in Index
        from first in FirstWord
        from second in SecondWord
        from operand in Operand
        from bulk in BulkWord.ArrayOf(4)
        from operands in Operand.ArrayOf(4)
        select new HashStep(HashStepKind.Hypercall, number, number switch
        {
            Hypercall.BulkRemove => [bulk[0], operands[0], bulk[1], operands[1], bulk[2], operands[2], bulk[3], operands[3]],
            Hypercall.Enter => [flags, index, first, second, 0, 0, 0, 0],
            _ => [flags, index, operand, 0, 0, 0, 0, 0],
        });

    /// <summary>Takes the step. A hypercall leaves its answers in the registers.</summary>
    public HypercallStatus Run(HashScenario scenario, Span<ulong> registers)
    {
        Words.CopyTo(registers);
        switch (Kind)
        {
            case HashStepKind.Store:
            case HashStepKind.LateStore:
                return scenario.Thread.Store(Number, Kind == HashStepKind.LateStore) ? HypercallStatus.Success : HypercallStatus.NotFound;
            case HashStepKind.Load:
                return scenario.Thread.Load(Number) ? HypercallStatus.Success : HypercallStatus.NotFound;
            case HashStepKind.HostPage:
                scenario.Slot.Host[Number] = (uint)Words[0];
                return HypercallStatus.Success;
            default:
                return scenario.Core.Invoke(ref scenario.Thread, Number, registers);
        }
    }

    public override string ToString() => $"{Kind} 0x{Number:X} [{string.Join(", ", Words.Select(word => $"0x{word:X}"))}]";

    private static Gen<ulong> UpTo(int last) => Gen.Choose(0, last).Select(number => (ulong)number);

    private HashStep With(int place, ulong word)
    {
        ulong[] words = [.. Words];
        words[place] = word;
        return this with { Words = words };
    }
}
