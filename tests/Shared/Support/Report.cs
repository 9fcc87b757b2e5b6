using Xunit;

namespace RingKit.Properties.Support;

/// <summary>Prints a line that a reader of a run wants even if everything passed: how many cases ran, which seed failed.</summary>
internal static class Report
{
    /// <summary>Prints to the console, and into the test's own output for runners that show only that.</summary>
    public static void Line(string text)
    {
        Console.WriteLine(text);
        TestContext.Current.TestOutputHelper?.WriteLine(text);
    }
}
