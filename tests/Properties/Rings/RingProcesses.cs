using System.Diagnostics;
using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Properties.Support;
using RingKit.Rings;
using RingKit.Rings.Waiting;
using Xunit;

namespace RingKit.Properties.Rings;

/// <summary>A second process, this same program, maps the file of a ring and consumes it.</summary>
[Collection(RunAlone.Name)]
public sealed class RingProcesses
{
    private const ulong Items = 1_000_000;
    private const string FileVariable = "RINGKIT_RING_CHILD";
    private const string RoleVariable = "RINGKIT_RING_CHILD_ROLE";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(40);

    [Fact]
    public void A_second_process_consumes_a_million_items()
    {
        string path = NewPath();
        try
        {
            using SharedMapping mapping = SharedMapping.Create(path, SpscRing<Item>.RequiredBytes(4096));
            using var ring = SpscRing<Item>.Create(mapping.View, 4096, new RingOptions { WhenFull = FullPolicy.Block });
            using Process child = Start(path, "consume");
            for (ulong i = 0; i < Items; i++)
            {
                if (!ring.Producer.TryPush(new Item(i)))
                    Assert.Equal(1, ring.Producer.Push<YieldingWait>([new Item(i)], Deadline));
            }

            ring.Producer.Complete();
            Assert.Equal("", End(child));
            Assert.Equal((0, Items), (ring.Count, ring.Statistics.Consumed));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_producer_that_dies_in_mid_claim_loses_that_claim_alone()
    {
        string path = NewPath();
        try
        {
            using SharedMapping mapping = SharedMapping.Create(path, MpscRing<Item>.RequiredBytes(64));
            using var ring = MpscRing<Item>.Create(mapping.View, 64);
            using Process child = Start(path, "die");
            Assert.Equal("", End(child));
            ring.Producer.TryPush(new Item(5));
            for (ulong i = 0; i < 2; i++)
            {
                Assert.True(ring.Consumer.TryPop(out Item item));
                item.MustBe(i);
            }

            Assert.Equal(WaitOutcome.TimedOut, ring.Consumer.WaitForItems<YieldingWait>(TimeSpan.FromMilliseconds(20)));
            for (int i = 0; i < 3; i++)
                Assert.True(ring.Consumer.SkipUncommitted());
            Assert.True(ring.Consumer.TryPop(out Item last));
            last.MustBe(5);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>In the child: plays its role instead of running tests.</summary>
    [ModuleInitializer]
    internal static void PlayChild()
    {
        if (Environment.GetEnvironmentVariable(FileVariable) is not { Length: > 0 } path)
            return;

        try
        {
            using SharedMapping mapping = SharedMapping.Open(path);
            if (Environment.GetEnvironmentVariable(RoleVariable) == "die")
                Die(mapping);
            Consume(mapping);
            Environment.Exit(0);
        }
        catch (Exception failure)
        {
            Console.Error.WriteLine(failure);
            Environment.Exit(1);
        }
    }

    private static void Consume(SharedMapping mapping)
    {
        using var ring = SpscRing<Item>.Attach(mapping.View);
        ulong next = 0;
        while (ring.Consumer.WaitForItems<YieldingWait>(Deadline) is var outcome && outcome != WaitOutcome.Completed)
        {
            if (outcome == WaitOutcome.TimedOut)
                throw new TimeoutException($"Item {next} did not come.");
            while (ring.Consumer.TryPop(out Item item))
                item.MustBe(next++);
        }

        if (next != Items)
            throw new InvalidOperationException($"There were {next} items.");
    }

    private static void Die(SharedMapping mapping)
    {
        var ring = MpscRing<Item>.Attach(mapping.View);
        ring.Producer.TryPush([new Item(0), new Item(1)]);
        ring.Producer.Claim(3).First[0] = new Item(2);
        Environment.Exit(0);
    }

    private static Process Start(string path, string role)
    {
        string program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(typeof(RingProcesses).Assembly.Location);
        start.Environment[FileVariable] = path;
        start.Environment[RoleVariable] = role;
        return Process.Start(start)!;
    }

    private static string End(Process child)
    {
        Task<string> errors = child.StandardError.ReadToEndAsync();
        if (!child.WaitForExit(Deadline))
        {
            child.Kill();
            throw new TimeoutException("The second process did not end.");
        }

        return child.ExitCode == 0 ? "" : $"exit code {child.ExitCode}: {errors.Result}";
    }

    private static string NewPath() => Path.Combine(Path.GetTempPath(), "ringkit-" + Path.GetRandomFileName());
}
