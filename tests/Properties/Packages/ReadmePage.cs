using RingKit.Properties.Support;

namespace RingKit.Properties.Packages;

/// <summary>A README: its example, what that prints, and the commands in it.</summary>
internal sealed class ReadmePage
{
    private const string Fence = "```";

    private readonly List<string[]> _blocks = [];
    private readonly int _example;

    private ReadmePage(string path)
    {
        string? kind = null;
        List<string> block = [];
        foreach (string line in File.ReadLines(Path.Combine(SourceTree.Root, path)))
        {
            if (!line.StartsWith(Fence, StringComparison.Ordinal))
            {
                block.Add(line);
                continue;
            }

            if (kind is null)
            {
                kind = line[Fence.Length..];
            }
            else
            {
                if (kind == "csharp" && _example == 0)
                    _example = _blocks.Count + 1;
                _blocks.Add([.. block]);
                kind = null;
            }

            block.Clear();
        }
    }

    /// <summary>The repository's.</summary>
    public static ReadmePage Main { get; } = new("README.md");

    /// <summary>The libraries' own, where they have an example.</summary>
    public static ReadmePage[] OfLibraries { get; } =
        [.. Projects.Libraries.Select(library => new ReadmePage(Path.Combine("src", library, "README.md"))).Where(page => page._example > 0)];

    /// <summary>The lines of the first block of C#.</summary>
    public string[] Code => _blocks[_example - 1];

    /// <summary>The lines of the block behind it.</summary>
    public string[] Output => _blocks[_example];

    /// <summary>Every line of a block, without the remark at its end.</summary>
    public IEnumerable<string> Commands => _blocks.SelectMany(block => block).Select(line => line.Split("  #")[0].TrimEnd());
}
