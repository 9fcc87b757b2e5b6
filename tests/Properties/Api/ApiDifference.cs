namespace RingKit.Properties.Api;

/// <summary>What is in one list of a public API and not in another, type by type.</summary>
internal static class ApiDifference
{
    /// <summary>The difference, for a person: empty if there is none.</summary>
    /// <param name="reviewed">The lines that somebody has looked at.</param>
    /// <param name="built">The lines of what was built.</param>
    public static string[] Between(IReadOnlyList<string> reviewed, IReadOnlyList<string> built)
    {
        (string Place, string Line)[] before = [.. Placed(reviewed)], after = [.. Placed(built)];
        List<string> lines = [];
        var changes = before.Except(after).Select(gone => (gone.Place, Line: "  - " + gone.Line))
            .Concat(after.Except(before).Select(added => (added.Place, Line: "  + " + added.Line)))
            .GroupBy(change => change.Place, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal);
        foreach (IGrouping<string, (string Place, string Line)> type in changes)
        {
            lines.Add(type.Key);
            lines.AddRange(type.Select(change => change.Line));
        }

        if (lines.Count == 0 && !reviewed.SequenceEqual(built, StringComparer.Ordinal))
            lines.Add("(the same lines in another order)");
        return [.. lines];
    }

    // A type's header stands in its namespace; a member, which may look like another type's, in its type.
    private static IEnumerable<(string Place, string Line)> Placed(IEnumerable<string> lines)
    {
        string room = "", type = "";
        foreach (string line in lines)
        {
            string text = line.TrimStart(' ');
            switch (line.Length - text.Length)
            {
                case 0:
                    room = text;
                    yield return ("namespaces", text);
                    break;
                case 2:
                    type = text;
                    yield return (room, text);
                    break;
                default:
                    yield return ($"{room}: {NameOf(type)}", text);
                    break;
            }
        }
    }

    // A type whose base has changed is the same type: its members have not.
    private static string NameOf(string header) => header.Split(" : ")[0].Split(" where ")[0];
}
