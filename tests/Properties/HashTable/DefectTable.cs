using System.Globalization;
using System.Reflection;
using System.Text;
using FsCheck.Fluent;
using RingKit.Mmu.HashTable;
using RingKit.Properties.HashTable.Model;
using RingKit.Properties.HashTable.Scenarios;
using RingKit.Properties.Support;
using Xunit;
using Xunit.Sdk;

namespace RingKit.Properties.HashTable;

/// <summary>Every past bug of the hashed page table is brought back, and is found: by random guests against the model, by scenarios, or by both.</summary>
public sealed class DefectTable
{
    private const int MostScripts = 120;

    private static readonly PropsSeed Seed = new(0x64656665637473, 0x9e3779b97f4a7c15, Size: null);

    private static readonly Lazy<Row[]> Rows = new(() => [.. Enum.GetValues<HashTableDefects>().Where(defect => defect != HashTableDefects.None).Select(Try)]);

    [Fact]
    public void Every_past_bug_is_caught()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(Table());
        Assert.True(Array.TrueForAll(Rows.Value, row => row.IsCaught), Table());
    }

    [Fact]
    public void Without_a_bug_nothing_is_caught()
    {
        Row none = Try(HashTableDefects.None);
        Assert.False(none.IsCaught, none.ToString());
    }

    // Of a passing test a plain `dotnet test` prints nothing, of a skipped one the reason: so this one carries the line.
    [Fact]
    public void Random_guests_alone_are_tried_for_longer_in_the_long_run()
    {
        Assert.SkipUnless(
            LongRun.IsOn, $"{Summary()}\n{Table()}\n  RINGKIT_LONG is not set: {MostScripts} scripts each.");
        Report.Line(string.Join('\n', Rows.Value.Where(row => row.Scripts is null).Select(row => $"{row.Defect}: {ScriptsUntilCaught(row.Defect, 20_000)}")));
    }

    private static string Summary() => $"past bugs {Rows.Value.Length}, caught {Rows.Value.Count(row => row.IsCaught)}";

    private static string Table()
    {
        var table = new StringBuilder("past bug, caught by random guests after so many scripts, by scenarios in so many of their cases:\n");
        foreach (Row row in Rows.Value)
            table.Append("  ").Append(row).Append('\n');
        return table.ToString().TrimEnd();
    }

    private static Row Try(HashTableDefects defect)
    {
        var found = new List<string>();
        foreach ((string name, ScenarioCase[] cases, Action<ScenarioCase> scenario) in Scenarios(defect))
        {
            int failures = cases.Count(at => Fails(() => scenario(at)));
            if (failures != 0)
                found.Add($"{name} {failures}/{cases.Length}");
        }

        return new Row(defect, ScriptsUntilCaught(defect, MostScripts), found);
    }

    private static int? ScriptsUntilCaught(HashTableDefects defect, int most)
    {
        int scripts = 0;
        var property = Prop.ForAll(Arb.From(GuestScript.Arbitrary.Generator), script =>
        {
            scripts++;
            GuestRun.Run(script, defect);
        });
        return Fails(() => Props.Check(property, defect.ToString(), Seed, most, endSize: 100)) ? scripts : null;
    }

    // Scenarios are static methods of a case; what needs a second thread at the right moment is in MeetingScenarios.
    private static IEnumerable<(string Name, ScenarioCase[] Cases, Action<ScenarioCase> Scenario)> Scenarios(HashTableDefects defect)
    {
        ScenarioCase[] cases = [.. ScenarioCase.All(defect)];
        return
            from type in typeof(ScenarioCase).Assembly.GetTypes()
            where string.Equals(type.Namespace, typeof(ScenarioCase).Namespace, StringComparison.Ordinal)
            from method in type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            where method.IsAssembly && method.GetParameters() is [{ ParameterType: var parameter }] && parameter == typeof(ScenarioCase)
            orderby type.Name, method.Name
            select (method.Name, cases, method.CreateDelegate<Action<ScenarioCase>>());
    }

    // A failed assertion, a property that does not hold, or a thread that waits in vain; anything else is an error of the test.
    private static bool Fails(Action check)
    {
        try
        {
            check();
            return false;
        }
        catch (Exception failure) when (failure is XunitException or PropertyFailedException or InvalidOperationException)
        {
            return true;
        }
    }

    private sealed record Row(HashTableDefects Defect, int? Scripts, IReadOnlyList<string> Scenarios)
    {
        public bool IsCaught => Scripts is not null || Scenarios.Count != 0;

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Defect,-24} {Scripts?.ToString(CultureInfo.InvariantCulture) ?? "-",4}  {string.Join(", ", Scenarios)}");
    }
}
