using System.Diagnostics;
using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Properties.Support;
using RingKit.Rings;
using RingKit.Rings.Waiting;

namespace RingKit.Properties.Rings;

/// <summary>A second process over the file of a ring: this same program, which plays a role there instead of running tests.</summary>
internal static class RingChild
{
    /// <summary>How many items <see cref="Consume"/> expects.</summary>
    public const ulong Items = 1_000_000;

    private const string FileVariable = "RINGKIT_RING_CHILD";
    private const string RoleVariable = "RINGKIT_RING_CHILD_ROLE";
    private const string Ready = "ready";

    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(40);

    private static readonly Dictionary<string, Action<SharedMapping>> Roles = new()
    {
        [nameof(Consume)] = Consume,
        [nameof(ClaimAlone)] = ClaimAlone,
        [nameof(ClaimAmongMany)] = ClaimAmongMany,
        [nameof(ClaimForAll)] = ClaimForAll,
        [nameof(PeekAlone)] = PeekAlone,
        [nameof(PeekOfMany)] = PeekOfMany,
        [nameof(PeekWithOthers)] = PeekWithOthers,
    };

    public static string NewPath() => Path.Combine(Path.GetTempPath(), "ringkit-" + Path.GetRandomFileName());

    /// <summary>Starts a child.</summary>
    /// <param name="path">The file of the ring.</param>
    /// <param name="role">The name of a method of this class.</param>
    public static Process Start(string path, string role)
    {
        string program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(typeof(RingChild).Assembly.Location);
        start.Environment[FileVariable] = path;
        start.Environment[RoleVariable] = role;
        return Process.Start(start)!;
    }

    public static (int ExitCode, string Errors) AwaitEnd(Process child)
    {
        (int exitCode, _, string errors) = Programs.AwaitEnd(child, Deadline);
        return (exitCode, errors);
    }

    /// <summary>Awaits that a child is where it is to be.</summary>
    public static void AwaitReady(Process child)
    {
        Task<string?> line = child.StandardOutput.ReadLineAsync();
        if (!line.Wait(Deadline))
            throw new TimeoutException("The second process did not get ready.");
        if (line.Result != Ready)
            throw new InvalidOperationException($"The second process failed: {line.Result} {child.StandardError.ReadToEnd()}");
    }

    /// <summary>Kills a child that is ready, so that it does nothing any more: no handler runs, nothing is disposed.</summary>
    public static void Kill(Process child)
    {
        AwaitReady(child);
        child.Kill();
        if (!child.WaitForExit(Deadline))
            throw new TimeoutException("The second process outlived SIGKILL.");
    }

    public static void Consume(SharedMapping mapping)
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

    /// <summary>Pushes items 0 and 1, and claims three more slots and fills one.</summary>
    public static void ClaimAlone(SharedMapping mapping)
    {
        var ring = SpscRing<Item>.Attach(mapping.View);
        ring.Producer.TryPush([new Item(0), new Item(1)]);
        ring.Producer.Claim(3).First[0] = new Item(99);
        AwaitDeath();
    }

    /// <summary>The same as one producer of many.</summary>
    public static void ClaimAmongMany(SharedMapping mapping)
    {
        var ring = MpscRing<Item>.Attach(mapping.View);
        ring.Producer.TryPush([new Item(0), new Item(1)]);
        ring.Producer.Claim(3).First[0] = new Item(99);
        AwaitDeath();
    }

    /// <summary>The same as the writer of a broadcast ring.</summary>
    public static void ClaimForAll(SharedMapping mapping)
    {
        var ring = BroadcastRing<Item>.Attach(mapping.View);
        ring.Writer.TryWrite([new Item(0), new Item(1)]);
        ring.Writer.Claim(2).First[0] = new Item(99);
        AwaitDeath();
    }

    /// <summary>Pops item 0 and looks at those that follow.</summary>
    public static void PeekAlone(SharedMapping mapping)
    {
        var ring = SpscRing<Item>.Attach(mapping.View);
        ring.Consumer.TryPop(out Item item);
        item.MustBe(0);
        ring.Consumer.Peek().First[0].MustBe(1);
        AwaitDeath();
    }

    /// <summary>The same as the consumer of many producers.</summary>
    public static void PeekOfMany(SharedMapping mapping)
    {
        var ring = MpscRing<Item>.Attach(mapping.View);
        ring.Consumer.TryPop(out Item item);
        item.MustBe(0);
        ring.Consumer.Peek().First[0].MustBe(1);
        AwaitDeath();
    }

    /// <summary>Joins, is ready, and when there are items looks at some, and is ready again.</summary>
    public static void PeekWithOthers(SharedMapping mapping)
    {
        var ring = BroadcastRing<Item>.Attach(mapping.View);
        BroadcastReader<Item> reader = ring.Join();
        Console.Out.WriteLine(Ready);
        if (reader.WaitForItems<YieldingWait>(Deadline) != WaitOutcome.Ready)
            throw new TimeoutException("There were no items.");
        reader.Peek().First[0].MustBe(0);
        AwaitDeath();
    }

    /// <summary>In the child: plays its role instead of running tests.</summary>
    [ModuleInitializer]
    internal static void Play()
    {
        if (Environment.GetEnvironmentVariable(FileVariable) is not { Length: > 0 } path)
            return;

        try
        {
            using SharedMapping mapping = SharedMapping.Open(path);
            Roles[Environment.GetEnvironmentVariable(RoleVariable)!](mapping);
            Environment.Exit(0);
        }
        catch (Exception failure)
        {
            Console.Error.WriteLine(failure);
            Environment.Exit(1);
        }
    }

    private static void AwaitDeath()
    {
        Console.Out.WriteLine(Ready);
        Thread.Sleep(Deadline);
        throw new TimeoutException("Nobody killed the second process.");
    }
}
