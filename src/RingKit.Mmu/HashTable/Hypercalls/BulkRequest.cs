namespace RingKit.Mmu.HashTable.Hypercalls;

/// <summary>The first word of a pair of H_BULK_REMOVE: a request, which its answer replaces.</summary>
/// <param name="Word">
/// Bits 63 and 62: 1 a request, 2 an answer, 3 the end; 61 and 60 the answer's code; 59 and 58 R and C; 57 and 56 the condition; the rest the index.
/// </param>
/// <remarks>Source: PAPR, and KVM's answers.</remarks>
internal readonly record struct BulkRequest(ulong Word)
{
    /// <summary>The condition: V has none of the second word's bits.</summary>
    public const ulong AndCondition = 1;

    /// <summary>The condition: V, without its low 7 bits, is the second word.</summary>
    public const ulong Avpn = 2;

    /// <summary>Codes of answers.</summary>
    public const ulong Done = 0, NotFound = 1, BadParameter = 2;

    private const int TypeShift = 62;
    private const int CodeShift = 60;
    private const int ConditionShift = 56;
    private const int ReferencedChangedShift = 51;
    private const ulong RequestType = 1;
    private const ulong AnswerType = 2;
    private const ulong EndType = 3;
    private const ulong NoCondition = 3;
    private const ulong IndexMask = (1UL << ConditionShift) - 1;

    public ulong Index => Word & IndexMask;

    /// <summary>0: none; 3 is not allowed.</summary>
    public ulong Condition => (Word >> ConditionShift) & 3;

    /// <summary>No request here, nor after.</summary>
    public bool IsEnd => Word >> TypeShift == EndType;

    public bool IsRequest => Word >> TypeShift == RequestType && Condition != NoCondition;

    /// <summary>The answer is that there is no such entry.</summary>
    public bool IsNotFound => ((Word >> CodeShift) & 3) == NotFound;

    public ulong Answer(ulong code) => (AnswerType << TypeShift) | (code << CodeShift) | (Condition << ConditionShift) | Index;

    /// <summary>R and C where an answer has them.</summary>
    public static ulong ReferencedChanged(ulong r) => (r & HpteR.ReferencedChanged) << ReferencedChangedShift;
}
