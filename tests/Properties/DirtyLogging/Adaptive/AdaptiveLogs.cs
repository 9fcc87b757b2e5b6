using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.Adaptive;

/// <summary>Adaptive logs that move as a test wants it.</summary>
internal static class AdaptiveLogs
{
    /// <summary>One that has moved to a form and stays there.</summary>
    public static AdaptiveDirtyLog SettledIn(VirtualMachine machine, DirtyLogForm form)
    {
        var log = new AdaptiveDirtyLog(machine, new AdaptiveLogOptions { Rule = new FixedRule(form) });
        log.Clear();
        log.Clear();
        return log;
    }

    /// <summary>One with small rings that moves after each harvest, from each form to each other.</summary>
    public static AdaptiveDirtyLog Restless(VirtualMachine machine) =>
        new(machine, new AdaptiveLogOptions { RingEntries = 16, Rule = new FixedRule(FixedRule.AllMoves) });
}
