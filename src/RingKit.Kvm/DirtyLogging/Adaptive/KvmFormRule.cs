namespace RingKit.Kvm.DirtyLogging.Adaptive;

/// <summary>The rule by which an adaptive log of a real guest moves between rings and bitmaps, unless it is given another one.</summary>
/// <remarks>
/// After each round it reckons by how much the other form's harvest would have been cheaper, or dearer, and adds it up, never below nothing. When the sum
/// exceeds what a move costs, it moves. So it never loses much more by staying than by a move; a single busy round, or pages that come and go, move nothing; and
/// where one form sees more entries than the other sees pages, it does not go to and fro faster than the two differ.
/// <para>
/// A harvest of rings costs more for each entry, one of bitmaps for each slot, two calls, and for its size. With two slots they are equal at 100 pages a
/// round, and at 10,000 bitmaps take a fifth of the time. The figures: <c>dotnet run -c Release --project bench -- --filter '*KvmLogBenchmarks*'</c>, docs/kvm.md.
/// </para>
/// Thread role: one log's.
/// </remarks>
public sealed class KvmFormRule : IKvmFormRule
{
    /// <summary>What an entry of a ring costs more than a page of a bitmap, in nanoseconds.</summary>
    public const double NanosecondsPerEntry = 60;

    /// <summary>What a slot costs in a harvest of bitmaps, in nanoseconds.</summary>
    public const double NanosecondsPerSlot = 3000;

    /// <summary>What a page of a slot costs in a harvest of bitmaps, dirty or not, in nanoseconds: a microsecond a GiB, and a little less.</summary>
    public const double NanosecondsPerSlotPage = 0.0035;

    private double _lost;

    /// <summary>What a move costs.</summary>
    public TimeSpan MoveCost { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <inheritdoc/>
    public KvmLogForm Choose(KvmLogForm form, in KvmFormRound round)
    {
        double ring = round.Entries * NanosecondsPerEntry;
        double bitmaps = (round.Slots * NanosecondsPerSlot) + (round.SlotPages * NanosecondsPerSlotPage);
        bool isRing = form == KvmLogForm.Ring;
        _lost = Math.Max(0, _lost + (isRing ? ring - bitmaps : bitmaps - ring));
        if (_lost <= MoveCost.TotalNanoseconds)
            return form;
        _lost = 0;
        return isRing ? KvmLogForm.Manual : KvmLogForm.Ring;
    }
}
