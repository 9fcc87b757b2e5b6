using System.Globalization;
using System.Text;

namespace RingKit.Interleaving;

/// <summary>
/// Repeats an execution from its text: for each step the thread's digit, and, unless it used the latest store, how many stores back.
/// </summary>
/// <remarks>One back is <c>a</c>, 26 back <c>z</c>, more is a number in brackets: <c>0011a2</c>.</remarks>
internal sealed class Replayer : Strategy
{
    private readonly List<(int Thread, int Distance)> _choices = [];

    /// <summary>Reads the text.</summary>
    /// <exception cref="FormatException">It is no replay string.</exception>
    public Replayer(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            int thread = text[i++] - '0';
            if (thread is < 0 or >= Clocks.Threads)
                throw new FormatException($"No thread at character {i - 1} of the replay string.");

            int distance = 0;
            if (i < text.Length && text[i] is >= 'a' and <= 'z')
            {
                distance = text[i++] - 'a' + 1;
            }
            else if (i < text.Length && text[i] == '(')
            {
                int end = text.IndexOf(')', i);
                ReadOnlySpan<char> number = end < 0 ? [] : text.AsSpan(i + 1, end - i - 1);
                if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out distance))
                    throw new FormatException($"No number in brackets at character {i} of the replay string.");
                i = end + 1;
            }

            _choices.Add((thread, distance));
        }
    }

    public static string Write(ReadOnlySpan<StepRecord> steps)
    {
        var text = new StringBuilder();
        foreach (ref readonly StepRecord step in steps)
        {
            text.Append((char)('0' + step.Thread));
            if (step.Distance is > 0 and <= 26)
                text.Append((char)('a' + step.Distance - 1));
            else if (step.Distance > 26)
                text.Append(CultureInfo.InvariantCulture, $"({step.Distance})");
        }

        return text.ToString();
    }

    // A text may be shorter than the execution: the rest follows the thread with the lowest number, and the latest stores. The one
    // that failed in the midst of a step, by a race, has no record of that step.
    public override int NextThread(Execution execution, uint enabled, int previous)
    {
        if (execution.StepCount < _choices.Count)
            return _choices[execution.StepCount].Thread;
        return System.Numerics.BitOperations.TrailingZeroCount(enabled);
    }

    public override int Choose(Execution execution, ReadOnlySpan<int> distances)
    {
        int wanted = execution.StepCount < _choices.Count ? _choices[execution.StepCount].Distance : 0;
        return distances.Contains(wanted)
            ? wanted
            : throw new ModelException($"Step {execution.StepCount} has no store {wanted} back: the replay string is another program's.");
    }
}
