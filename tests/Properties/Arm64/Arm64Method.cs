using System.Text;
using System.Text.RegularExpressions;

namespace RingKit.Properties.Arm64;

/// <summary>The arm64 code of one method, and its accesses to shared memory as a word of one letter each.</summary>
/// <remarks>
/// <c>R</c> load, <c>W</c> store, <c>A</c> acquire load (<c>ldar</c>, <c>ldapr</c>), <c>L</c> release store (<c>stlr</c>), <c>X</c> atomic
/// read-modify-write that acquires and releases (<c>casal</c>, <c>swpal</c>, <c>ldsetal</c>, <c>ldclral</c>, <c>ldaddal</c>), <c>F</c> barrier
/// (<c>dmb</c>), <c>C</c> call. The stack and the cells through which ReadyToRun code calls are left out.
/// </remarks>
internal sealed partial class Arm64Method(string name)
{
    private readonly StringBuilder _shape = new();
    private readonly StringBuilder _text = new();
    private string _cell = "";

    /// <summary>Its name as the JIT prints it, with its type, type arguments and parameters.</summary>
    public string Name { get; } = name;

    /// <summary>The letters, in the order of the code.</summary>
    public string Shape => _shape.ToString();

    /// <summary>How many instructions it has.</summary>
    public int Length { get; private set; }

    /// <summary>The listing.</summary>
    public string Text => _text.ToString();

    /// <summary>Takes the methods out of what <c>JitDisasm</c> printed.</summary>
    public static List<Arm64Method> Parse(IEnumerable<string> listing)
    {
        var methods = new List<Arm64Method>();
        Arm64Method? current = null;
        foreach (string line in listing)
        {
            if (Heading().Match(line) is { Success: true } heading)
                methods.Add(current = new Arm64Method(heading.Groups["name"].Value));
            else if (Instruction().Match(line) is { Success: true } instruction)
                current?.Add(instruction.Groups["name"].Value, instruction.Groups["operands"].Value);
        }

        return methods;
    }

    private void Add(string name, string operands)
    {
        Length++;
        _text.Append("    ").Append(name.PadRight(8)).AppendLine(operands);
        bool isPlain = !operands.Contains("[sp", StringComparison.Ordinal) && !operands.Contains("[fp", StringComparison.Ordinal)
            && (_cell.Length == 0 || !operands.Contains($"[{_cell}]", StringComparison.Ordinal));
        char? letter = name switch
        {
            "dmb" => 'F',
            "bl" or "blr" => 'C',
            _ when ReleaseStore().IsMatch(name) => 'L',
            _ when AcquireLoad().IsMatch(name) => 'A',
            _ when AcquireReleaseModify().IsMatch(name) => 'X',
            _ when PlainLoad().IsMatch(name) => isPlain ? 'R' : null,
            _ when PlainStore().IsMatch(name) => isPlain ? 'W' : null,
            _ when AnyMemory().IsMatch(name) => throw new FormatException($"What does '{name} {operands}' do to memory?"),
            _ => null,
        };
        _shape.Append(letter);

        // adrp x11, ..; add x11, x11, [LOW RELOC ..]; ldr x2, [x11]
        _cell = operands.Contains("LOW RELOC", StringComparison.Ordinal) ? operands[..operands.IndexOf(',', StringComparison.Ordinal)] : "";
    }

    [GeneratedRegex(@"^; Assembly listing for method (?<name>.+) \(\w+\)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^ {8,}(?<name>[a-z][a-z0-9.]*)(\s+(?<operands>.*))?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Instruction();

    [GeneratedRegex("^stlu?r[bh]?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex ReleaseStore();

    [GeneratedRegex("^ld(ar|apr|apur)[bh]?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex AcquireLoad();

    [GeneratedRegex("^(cas|swp|ldset|ldclr|ldadd)al[bh]?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex AcquireReleaseModify();

    [GeneratedRegex("^ld(u?r|n?p)(s?[bhw])?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex PlainLoad();

    [GeneratedRegex("^st(u?r|n?p)[bh]?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex PlainStore();

    [GeneratedRegex("^(ld|st|cas|swp)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex AnyMemory();
}
