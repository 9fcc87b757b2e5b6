using System.Reflection;
using RingKit.Properties.Packages;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Api;

/// <summary>The public API is the one that was reviewed: <c>api/NAME.txt</c> for each library.</summary>
public sealed class PublicApiTests
{
    private const string Switch = "RINGKIT_ACCEPT_API";
    private const string HowToAccept = Switch + "=1 dotnet run -c Release --project tests/Properties -- -class '*PublicApiTests'";

    private static readonly string Folder = Path.Combine(SourceTree.Root, "api");

    private static bool Accepts => Environment.GetEnvironmentVariable(Switch) is "1";

    [Fact]
    public void The_public_api_is_the_reviewed_one()
    {
        List<string> differences = [];
        foreach (string library in Projects.Libraries)
        {
            string[] built = PublicApi.Of(Assembly.Load(new AssemblyName(library)));
            Assert.NotEmpty(built);
            string file = Path.Combine(Folder, library + ".txt");
            string[] difference = ApiDifference.Between(File.Exists(file) ? File.ReadAllLines(file) : [], built);
            if (difference.Length == 0)
                continue;
            if (Accepts)
            {
                File.WriteAllText(file, string.Join('\n', built) + "\n");
                int changed = difference.Count(line => line.StartsWith("  ", StringComparison.Ordinal));
                Report.Line($"api/{library}.txt is written: {changed} lines differ from the last one.");
            }
            else
            {
                differences.AddRange([$"api/{library}.txt (- reviewed, + built)", .. difference]);
            }
        }

        if (differences.Count > 0)
        {
            string all = string.Join('\n', differences);
            Assert.Fail($"The public API is not the reviewed one:\n{all}\nIf that is what is wanted: {HowToAccept}\nand commit the files.");
        }
    }

    [Fact]
    public void Every_reviewed_file_is_that_of_a_library()
    {
        string[] files = [.. Directory.EnumerateFiles(Folder, "*.txt").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];
        Assert.Equal(Projects.Libraries, files);
    }

    [Fact]
    public void The_readme_says_how_to_accept_a_change() =>
        Assert.Contains(HowToAccept, File.ReadAllText(Path.Combine(SourceTree.Root, "README.md")), StringComparison.Ordinal);
}
