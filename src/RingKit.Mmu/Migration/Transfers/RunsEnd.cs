namespace RingKit.Mmu.Migration.Transfers;

/// <summary>What must be done when a run ends, whatever fails of it.</summary>
internal static class RunsEnd
{
    /// <summary>Takes all steps, in their order, also those behind one that throws. What the last such one threw comes out when all are taken.</summary>
    /// <param name="steps">The steps.</param>
    public static void TakeAll(params ReadOnlySpan<Action> steps)
    {
        if (steps.IsEmpty)
            return;
        try
        {
            steps[0]();
        }
        finally
        {
            TakeAll(steps[1..]);
        }
    }
}
