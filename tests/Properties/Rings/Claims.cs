using RingKit.Rings;

namespace RingKit.Properties.Rings;

/// <summary>Uses claims and loans the way a caller does.</summary>
internal static class Claims
{
    public static int Fill(RingClaim<Item> claim, ReadOnlySpan<Item> items, int commit)
    {
        int count = claim.Count;
        items[..claim.First.Length].CopyTo(claim.First);
        items[claim.First.Length..count].CopyTo(claim.Second);
        if (commit == 0)
            claim.Abort();
        else
            claim.Commit(Math.Min(commit, count));
        return count;
    }

    public static Item[] Look(RingLoan<Item> loan, int release)
    {
        Item[] seen = [.. loan.First, .. loan.Second];
        loan.Release(Math.Min(release, loan.Count));
        return seen;
    }
}
