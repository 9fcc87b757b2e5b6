using RingKit.Kvm.Tests.Support;
using Xunit;

[assembly: AssemblyFixture(typeof(NothingLeft))]

namespace RingKit.Kvm.Tests.Support;

/// <summary>Looks, when all tests are over, whether one has left a file or a mapping of KVM's, or a process. If so the run fails.</summary>
public sealed class NothingLeft : IDisposable
{
    private readonly OpenFiles _before = OperatingSystem.IsLinux() ? OpenFiles.Count() : default;

    /// <summary>The processes that this one has started and that are still there, by their numbers.</summary>
    public static string[] Children =>
    [
        .. Directory.GetDirectories("/proc/self/task").Select(task => Path.Combine(task, "children")).Where(File.Exists)
            .SelectMany(file => File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries)),
    ];

    public void Dispose()
    {
        if (!OperatingSystem.IsLinux())
            return;
        OpenFiles after = OpenFiles.Count();
        if (after != _before || Children.Length != 0)
            throw new InvalidOperationException($"The tests have left something behind: {_before}, then {after}; processes {string.Join(", ", Children)}.");
    }
}
