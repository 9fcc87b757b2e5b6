using System.Globalization;
using System.Reflection;
using System.Text;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.Stage2.Faults.Model;
using RingKit.Properties.Stage2.Faults.Scenarios;
using RingKit.Properties.Support;
using Xunit;
using Xunit.Sdk;

namespace RingKit.Properties.Stage2.Faults;

/// <summary>Every past bug of the fault handlers is brought back, and is found: by random guests against the model, by scenarios, or by both.</summary>
public sealed class FaultDefectTable
{
    private const int MostScripts = 60;
    private const int MostNames = 3;

    // These are the log's, and its tests find them.
    private const Stage2Defects OfTheLog =
        Stage2Defects.RestartsWithoutProtection | Stage2Defects.SplitsBeforeProtection | Stage2Defects.ProtectsBeforeTaking;

    private static readonly PropsSeed Seed = new(0x7374616765, 0x9e3779b97f4a7c15, Size: null);

    private static readonly Lazy<Row[]> Rows = new(() =>
        [.. Enum.GetValues<Stage2Defects>().Where(defect => defect != Stage2Defects.None && (defect & OfTheLog) == Stage2Defects.None).Select(Try)]);

    [Fact]
    public void Every_past_bug_is_caught()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(Table());
        Assert.True(Array.TrueForAll(Rows.Value, row => row.IsCaught), Table());
    }

    [Fact]
    public void Without_a_bug_nothing_is_caught()
    {
        Row none = Try(Stage2Defects.None);
        Assert.False(none.IsCaught, none.ToString());
    }

    // Of a passing test a plain `dotnet test` prints nothing, of a skipped one the reason: so this one carries the line.
    [Fact]
    public void Random_guests_alone_are_tried_for_longer_in_the_long_run()
    {
        Assert.SkipUnless(LongRun.IsOn, $"{Summary()}\n{Table()}\n  RINGKIT_LONG is not set: {MostScripts} scripts each.");
        foreach (Row row in Rows.Value)
            Report.Line($"{row.Defect}: {ScriptsUntilCaught(row.Defect, 5000)?.ToString(CultureInfo.InvariantCulture) ?? "not by random guests"}");
    }

    private static string Summary() => $"stage 2: past bugs {Rows.Value.Length}, caught {Rows.Value.Count(row => row.IsCaught)}";

    private static string Table()
    {
        var table = new StringBuilder("past bug of the fault handlers, caught by random guests after so many scripts, by scenarios in so many generations:\n");
        foreach (Row row in Rows.Value)
            table.Append("  ").Append(row).Append('\n');
        return table.ToString().TrimEnd();
    }

    private static Row Try(Stage2Defects defect)
    {
        var found = new List<string>();
        FaultCase[] cases = FaultCase.All(defect);
        foreach (MethodInfo scenario in Scenarios())
        {
            Action<FaultCase> run = scenario.CreateDelegate<Action<FaultCase>>();
            int failures = cases.Count(at => Fails(() => run(at)));
            if (failures != 0)
                found.Add($"{scenario.Name} {failures}/{cases.Length}");
        }

        return new Row(defect, ScriptsUntilCaught(defect, MostScripts), found);
    }

    private static int? ScriptsUntilCaught(Stage2Defects defect, int most)
    {
        int scripts = 0;
        var property = Prop.ForAll(Arb.From(FaultRun.Scripts.Generator), script =>
        {
            scripts++;
            foreach (Stage2Generation generation in Enum.GetValues<Stage2Generation>())
                FaultRun.Run(script, generation, defect);
        });
        return Fails(() => Props.Check(property, defect.ToString(), Seed, most, endSize: 120)) ? scripts : null;
    }

    private static IEnumerable<MethodInfo> Scenarios() =>
        from type in typeof(FaultCase).Assembly.GetTypes()
        where string.Equals(type.Namespace, typeof(FaultCase).Namespace, StringComparison.Ordinal)
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        where method.IsAssembly && method.GetParameters() is [{ ParameterType: var parameter }] && parameter == typeof(FaultCase)
        orderby type.Name, method.Name
        select method;

    // A failed assertion, a property that does not hold, or a guest that faults without end; anything else is an error of the test.
    private static bool Fails(Action check)
    {
        try
        {
            check();
            return false;
        }
        catch (Exception failure) when (failure is XunitException or PropertyFailedException or InvalidOperationException or ExplorationFailedException)
        {
            return true;
        }
    }

    private sealed record Row(Stage2Defects Defect, int? Scripts, IReadOnlyList<string> Scenarios)
    {
        public bool IsCaught => Scripts is not null || Scenarios.Count != 0;

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Defect,-22} {Scripts?.ToString(CultureInfo.InvariantCulture) ?? "-",4}  {string.Join(", ", Scenarios.Take(MostNames))}{More}");

        private string More => Scenarios.Count > MostNames ? $" and {Scenarios.Count - MostNames} more" : "";
    }
}
