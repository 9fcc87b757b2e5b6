using RingKit.Interleaving;
using Xunit;

namespace RingKit.Properties.DirtyRings;

/// <summary>
/// The slot-published dirty ring in all its executions: in order, nothing lost or invented or torn, no entry with two owners.
/// </summary>
public class DirtyRingInterleavings
{
    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 3)]
    public void Three_parties_hand_every_entry_round(int capacity, int total) =>
        RunAll(DirtyRingProgram.ThreeThreads(capacity, total));

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 3)]
    [InlineData(2, 4)]
    public void Two_parties_hand_every_entry_round(int capacity, int total) =>
        RunAll(DirtyRingProgram.TwoThreads(capacity, total));

    /// <summary>Three entries through one place take the better part of a minute, and are left to the long run.</summary>
    public static TheoryData<int, int> Borrowings => LongRun.IsOn ? new() { { 1, 2 }, { 2, 2 }, { 1, 3 } } : new() { { 1, 2 }, { 2, 2 } };

    [Theory]
    [MemberData(nameof(Borrowings))]
    public void Entries_are_read_in_place_before_they_are_released(int capacity, int total) =>
        RunAll(DirtyRingProgram.Borrowing(capacity, total));

    [Fact]
    public void Indices_wrap_at_their_end() =>
        RunAll(DirtyRingProgram.TwoThreads(capacity: 2, total: 3, start: uint.MaxValue - 1));

    [Theory]
    [InlineData(1, 2, 0u)]
    [InlineData(2, 2, uint.MaxValue)]
    public void A_producer_elsewhere_learns_from_the_flags(int capacity, int total, uint start) =>
        RunAll(DirtyRingProgram.Attached(capacity, total, start));

    // Too many executions for all of them: the long run goes on for longer.
    [Theory]
    [InlineData(2, 4, int.MaxValue)]
    [InlineData(2, 5, 1)]
    [InlineData(4, 8, int.MaxValue)]
    [InlineData(4, 9, 2)]
    public void Three_parties_hand_every_entry_round_in_random_executions(int capacity, int total, int batch)
    {
        ulong seed = (ulong)Environment.TickCount64;
        ModelProgram program = DirtyRingProgram.ThreeThreads(capacity, total, batch);
        ExplorationResult result = Explorer.Sample(program, seed, LongRun.IsOn ? 2_000_000 : 3_000);
        TestContext.Current.TestOutputHelper?.WriteLine($"{result}, seed {seed}");
        result.ThrowIfFailed();
    }

    [Theory]
    [InlineData(2, 4)]
    [InlineData(2, 5)]
    [InlineData(4, 8)]
    public void Parties_hand_every_entry_round_in_many_executions(int capacity, int total)
    {
        RunMany(DirtyRingProgram.ThreeThreads(capacity, total));
        RunMany(DirtyRingProgram.TwoThreads(capacity, total));
        RunMany(DirtyRingProgram.Borrowing(capacity, total));
    }

    private static void RunMany(ModelProgram program)
    {
        var options = new ExplorationOptions { MaximumExecutions = LongRun.IsOn ? 5_000_000 : 6_000 };
        ExplorationResult result = Explorer.Explore(program, options);
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        result.ThrowIfFailed();
    }

    // With the indices read in the other order their difference may be negative, and an almost empty ring is said to be full.
    [Fact]
    public void Used_is_never_more_than_was_pushed() =>
        RunAll(DirtyRingProgram.Observed(capacity: 4, total: 1));

    private static void RunAll(ModelProgram program)
    {
        ExplorationResult result = Explorer.Explore(program).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete);
    }
}
