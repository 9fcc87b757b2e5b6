using RingKit.Mmu.Guest;
using RingKit.Properties.Guest;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>The self-test on one thread: what the vCPUs and the host do, and in which order, is written down, so a failure repeats and shrinks.</summary>
internal static class SelfTestScript
{
    public const int Kinds = 32;

    /// <summary>Does the steps, a kind and a page each, and ends the last iteration.</summary>
    public static IReadOnlyList<string> Run(
        SelfTestCase test, int vcpus, IReadOnlyList<(int Kind, int Page)> steps, SelfTestMutation mutation = SelfTestMutation.None, int seed = 0)
    {
        using var world = new SelfTestWorld(test, vcpus, seed, mutation);
        world.StartLog();
        int lastIteration = LastBeginIn(steps);
        world.Begin(isLast: lastIteration < 0);
        for (int i = 0; i < steps.Count && world.Violations.Count == 0; i++)
            Do(world, test, steps[i].Kind, steps[i].Page, isLast: i == lastIteration);
        world.End();
        return world.Violations;
    }

    private static int LastBeginIn(IReadOnlyList<(int Kind, int Page)> steps)
    {
        for (int i = steps.Count - 1; i >= 0; i--)
        {
            if (steps[i].Kind is 24 or 25 or 26 or 31)
                return i;
        }

        return -1;
    }

    private static void Do(SelfTestWorld world, SelfTestCase test, int kind, int page, bool isLast)
    {
        int vcpu = kind % world.Guests.Count;
        switch (kind)
        {
            case < 2:
                world.WriteAsDevice(page);
                break;
            case < 16:
                Store(world, vcpu, page);
                break;
            case < 20:
                if (test.Reads)
                    GuestAction.Run(world.Machine.Vcpus[vcpu], one => world.Guests[vcpu].Load(one, page));
                break;
            case < 24:
                world.Harvest();
                break;
            case < 27:
                world.End();
                world.Begin(isLast);
                break;
            case < 31:
                test.ChangeFrame?.Invoke(world.Machine, world.Memory.GfnOf(page), (page + kind) % 64);
                break;
            default:
                world.End();
                world.StopLog();
                world.Begin(isLast: false);
                Store(world, vcpu, page);
                world.End();
                world.StartLog();
                world.Begin(isLast);
                break;
        }
    }

    // A vCPU whose ring is full is sometimes left outside with its store undone. One that leaves after its store has done it.
    private static void Store(SelfTestWorld world, int vcpu, int page)
    {
        for (int tries = 0; tries < 3; tries++)
        {
            ulong writes = world.Guests[vcpu].Writes;
            VcpuExit exit = GuestAction.Run(world.Machine.Vcpus[vcpu], one => world.Guests[vcpu].Store(one, page));
            if (exit == VcpuExit.None || world.Guests[vcpu].Writes != writes)
                return;
            if (exit != VcpuExit.DirtyRingFull)
                throw new InvalidOperationException($"The vCPU left the guest with {exit}.");
            if (page % 2 == 0)
                return;
            world.Harvest();
        }

        throw new InvalidOperationException("The vCPU's ring stays full.");
    }
}
