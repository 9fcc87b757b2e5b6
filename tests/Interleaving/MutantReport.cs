using System.Text;

namespace RingKit.Interleaving;

/// <summary>Weakens each ordered call site of some programs, one at a time, and says which programs notice.</summary>
/// <remarks>A site whose mutant survives is superfluous, or the programs do not test it.</remarks>
public sealed class MutantReport
{
    private MutantReport(IReadOnlyList<MutantVerdict> verdicts, long executions)
    {
        Verdicts = verdicts;
        Executions = executions;
        Sites = verdicts.Select(verdict => verdict.Mutant.Site).Distinct().Count();
        Killed = Sites - verdicts.Where(verdict => !verdict.IsKilled).Select(verdict => verdict.Mutant.Site).Distinct().Count();
    }

    /// <summary>Each mutant, by file and line.</summary>
    public IReadOnlyList<MutantVerdict> Verdicts { get; }

    /// <summary>How many ordered call sites the programs meet.</summary>
    public int Sites { get; }

    /// <summary>How many of them have no surviving mutant.</summary>
    public int Killed { get; }

    /// <summary>All executions, those of the programs as they are included.</summary>
    public long Executions { get; }

    /// <summary>Explores the programs as they are, then with each mutant of each site until one of them fails.</summary>
    /// <param name="programs">Together they have to meet every site that is to be proved.</param>
    /// <param name="options">For every exploration.</param>
    /// <exception cref="ExplorationFailedException">A program fails as it is.</exception>
    public static MutantReport Run(IEnumerable<ModelProgram> programs, ExplorationOptions? options = null)
    {
        options ??= ExplorationOptions.Default;
        long executions = 0;
        var meetings = new SortedDictionary<Site, List<ModelProgram>>(
            Comparer<Site>.Create((a, b) => (a.File, a.Line, a.Kind, a.Order).CompareTo((b.File, b.Line, b.Kind, b.Order))));
        foreach (ModelProgram program in programs)
        {
            var sites = new SiteCollector();
            ExplorationResult result = Explorer.Explore(program, options, sites).ThrowIfFailed();
            executions += result.Executions + result.Redundant;
            foreach (Site site in sites.Sites)
            {
                if (!meetings.TryGetValue(site, out List<ModelProgram>? met))
                    meetings.Add(site, met = []);
                met.Add(program);
            }
        }

        List<MutantVerdict> verdicts = [];
        foreach ((Site site, List<ModelProgram> met) in meetings)
        {
            foreach (Mutant mutant in site.Mutants())
                verdicts.Add(Try(mutant, met, options));
        }

        return new MutantReport(verdicts, executions + verdicts.Sum(verdict => verdict.Executions));
    }

    /// <summary>A line a mutant.</summary>
    public string Table()
    {
        var text = new StringBuilder();
        foreach (MutantVerdict verdict in Verdicts)
            text.AppendLine(verdict.ToString());
        return text.ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => $"sites {Sites}, killed {Killed}, executions {Executions}";

    private static MutantVerdict Try(Mutant mutant, List<ModelProgram> programs, ExplorationOptions options)
    {
        long executions = 0;
        foreach (ModelProgram program in programs)
        {
            ExplorationResult result = Explorer.Explore(program, options with { Mutant = mutant, StopAtFailure = true });
            executions += result.Executions + result.Redundant;
            if (result.Failure is { } failure)
                return new MutantVerdict(mutant, program.Name, failure, executions);
        }

        return new MutantVerdict(mutant, null, null, executions);
    }
}
