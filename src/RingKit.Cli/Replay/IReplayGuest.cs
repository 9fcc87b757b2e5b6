using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>A guest with one vCPU and one dirty log, which is on and has nothing yet.</summary>
internal interface IReplayGuest : IDisposable
{
    /// <summary>What the trace is played to: its first page is frame 0 of the trace.</summary>
    MemorySlot Slot { get; }

    /// <summary>Its log.</summary>
    IDirtyLog Log { get; }

    /// <summary>Does these accesses.</summary>
    /// <param name="accesses">The accesses.</param>
    /// <param name="harvest">Called whenever the vCPU's ring is full, to make room.</param>
    void Run(ReadOnlySpan<GuestAccess> accesses, Action harvest);

    /// <summary>Stops the log after the last interval, and says what became of a stage-2 page table, if there is one.</summary>
    Stage2Figures? Finish();
}
