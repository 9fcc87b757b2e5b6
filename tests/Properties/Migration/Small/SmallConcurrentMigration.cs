using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Migration.Streams;
using RingKit.Properties.Migration.Streams;

namespace RingKit.Properties.Migration.Small;

/// <summary>
/// A migration in small whose vCPUs store on threads of their own while this one migrates them: 64 pages, a random log, page table and limits, connections
/// that break, and cancels. The seed
/// decides all but what the threads do in which order.
/// </summary>
internal static class SmallConcurrentMigration
{
    private const int PageCount = 64;

    /// <summary>Runs it.</summary>
    /// <param name="seed">Of everything but the order of the threads.</param>
    /// <param name="kind">The machine, or null for a random one.</param>
    /// <returns>How the migration ended.</returns>
    /// <exception cref="InvalidOperationException">Pages are lost, or the guest is not left as it should be. The message has the seed.</exception>
    public static MigrationOutcome Run(ulong seed, SmallMachine? kind = null)
    {
        var random = new Random((int)(seed ^ (seed >> 32)));
        kind ??= SmallMachine.Choose(random);
        SmallMemories memories = SmallMemories.Rent(random.Next(1, PageCount + 1), PageCount);
        try
        {
            using VirtualMachine machine = kind.MakeMachine(memories.Source, random.Next(1, 3));
            using IDirtyLog log = kind.MakeLog(machine);
            using var guest = new VcpuThreads<OwnWords>(machine, vcpu => new OwnWords(machine.Memory, vcpu, seed));
            guest.Start();
            if (random.Next(2) == 0)
                Thread.Yield();
            MigrationOutcome outcome = Migrate(machine, log, guest, memories.Destination, random);
            string? fault = FaultOf(outcome, memories, guest);
            guest.Stop();
            return fault is null ? outcome : throw new InvalidOperationException($"Concurrent migration in small, seed {seed} ({kind}): {fault}.");
        }
        finally
        {
            memories.Return();
        }
    }

    private static MigrationOutcome Migrate(VirtualMachine machine, IDirtyLog log, VcpuThreads<OwnWords> guest, GuestMemory destination, Random random)
    {
        using var cancellation = new CancellationTokenSource();
        int batchesBeforeCancel = random.Next(5) == 0 ? random.Next(1, 20) : int.MaxValue;
        bool breaks = random.Next(3) == 0;
        var options = new MigrationOptions
        {
            DowntimeLimit = TimeSpan.FromMicroseconds(random.Next(200)),
            MaximumRounds = random.Next(1, 6),
            AtMaximumRounds = random.Next(4) == 0 ? RoundLimitPolicy.GiveUp : RoundLimitPolicy.StopGuest,
            Retries = random.Next(4),
            BatchPages = random.Next(1, 33),
            AcknowledgedPages = random.Next(1, 100),
            Progress = _ => Count(),
        };
        return new PreCopyMigration(machine, log, guest, _ => Connect(), options).Run(cancellation.Token).Outcome;

        MigrationConnection Connect() => new Loopback(destination)
        {
            BreaksAfter = breaks && random.Next(2) == 0 ? (int)Math.Pow(PageCount * GuestPage.Size, random.NextDouble()) : long.MaxValue,
        }.Connect();

        void Count()
        {
            if (--batchesBeforeCancel == 0)
                cancellation.Cancel();
        }
    }

    private static string? FaultOf(MigrationOutcome outcome, SmallMemories memories, VcpuThreads<OwnWords> guest)
    {
        if (memories.Source.Slots.Any(slot => slot.LogsDirtyPages))
            return "the log was not stopped";
        if (outcome == MigrationOutcome.Completed)
        {
            MemoryDifference difference = MemoryVerifier.Compare(memories.Source, memories.Destination);
            return difference.IsEqual ? null : difference.ToString();
        }

        // It goes on: each vCPU stores once more.
        guest.Pause();
        ulong before = guest.ProgramOf(0).Stores;
        guest.Resume();
        bool goesOn = SpinWait.SpinUntil(
            () =>
            {
                guest.Pause();
                ulong now = guest.ProgramOf(0).Stores;
                guest.Resume();
                return now != before;
            },
            TimeSpan.FromSeconds(60));
        return goesOn ? null : $"{outcome}, and the guest does not go on";
    }

    /// <summary>Stores to words that no other vCPU stores to, so that the last store to each is the program's last.</summary>
    private struct OwnWords(GuestMemory memory, int vcpu, ulong seed) : IGuestProgram
    {
        private ulong _state = seed + (ulong)vcpu;

        public ulong Stores { get; private set; }

        public VcpuExit Step(Vcpu self)
        {
            ulong next = (_state * 6364136223846793005) + 1442695040888963407, random = next >> 24;
            MemorySlot slot = memory.Slots[(int)(random % (uint)memory.Slots.Length)];
            ulong word = (random >> 4) % (slot.PageCount * (GuestPage.Size / 32));
            VcpuExit exit = self.Store((slot.BaseGfn << GuestPage.Shift) + (word * 32) + ((ulong)vcpu * 8), next);
            if (exit != VcpuExit.None)
                return exit;
            _state = next;
            Stores++;
            return VcpuExit.None;
        }
    }
}
