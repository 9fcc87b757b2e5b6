using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Phases;

/// <summary>Where a harvest comes from, and what it puts back goes to.</summary>
internal interface IHarvestSource
{
    /// <summary>The memory whose pages they are.</summary>
    GuestMemory Memory { get; }

    /// <summary>Puts back what a harvest holds, but for slots whose log was stopped since. Any thread.</summary>
    /// <param name="words">The pages.</param>
    /// <param name="session">The session in which they were taken.</param>
    void TakeBack(ReadOnlySpan<DirtyWord> words, ulong session);
}
