using RingKit.DirtyRings;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Kvm;

/// <summary>P3: the sum of what resets count is what was harvested, however often signals end them; and a careful user of a safe log misses no store.</summary>
public sealed class SumOfResets
{
    private const int PageCount = 61, FewRounds = 10;
    private static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(LongRun.IsOn ? 3000 : 300);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string, KvmFidelity, bool> Cases => new()
    {
        { "flat", KvmFidelity.Safe, true },
        { "flat", KvmFidelity.Faithful, false },
        { "flat", KvmFidelity.Faithful, true },
        { "stage 2", KvmFidelity.Safe, true },
        { "modification log", KvmFidelity.Safe, true },
        { "modification log", KvmFidelity.Faithful, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void P3_resets_add_up_to_the_harvests_and_the_copy_to_the_memory(string table, KvmFidelity fidelity, bool hasSignals)
    {
        using var vm = new KvmVm(KvmProfile.X86 with { HardwareLogEntries = 512 }, fidelity);
        Assert.Equal(Errno.None, vm.EnableCap(KvmCapability.DirtyLogRing, KvmRig.DirtyRingSize(1024)));
        vm.SetUserMemoryRegion(0, KvmSlotTraits.None, 0, PageCount << 12);
        vm.CreateVcpu();
        vm.CreateVcpu();
        KvmDirtyLog log = table switch
        {
            "flat" => vm.Build(),
            "stage 2" => vm.Build(new Stage2Options()),
            _ => vm.Build(new TdpOptions { LogMethod = TdpLogMethod.ModificationLog }),
        };
        MemorySlot slot = vm.Machine!.Memory.Slots[0];
        Thread[] threads = [.. vm.Machine.Vcpus.Select(vcpu => new Thread(() => Write(vcpu)))];
        foreach (Thread thread in threads)
            thread.Start();

        Assert.Equal(Errno.None, log.SetLogging(0, true));
        byte[] copy = slot.Memory.AsSpan().ToArray();
        var user = new User(log, slot, copy, hasSignals);

        // For so long, and longer where other processes leave it no turn.
        long deadline = Environment.TickCount64 + (long)Duration.TotalMilliseconds, lastDeadline = deadline + (long)Patience.TotalMilliseconds;
        while (Environment.TickCount64 < (user.Rounds > FewRounds ? deadline : lastDeadline))
            user.Round();
        foreach (Vcpu vcpu in vm.Machine.Vcpus)
            vcpu.RequestStop();
        long limit = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (threads.Any(thread => thread.IsAlive))
        {
            Assert.True(Environment.TickCount64 < limit, "The vCPUs did not stop.");
            user.Round();
        }

        user.Round();
        bool equal = copy.AsSpan().SequenceEqual(slot.Memory.AsSpan());
        Report.Line(
            $"P3, {table}, {fidelity}: {user.Rounds} rounds, {user.Entries} entries, {user.Calls} calls, {user.Interruptions} interrupted, "
            + $"{user.Zeros} with 0 and more to come, {log.Losses.UnprotectedPages} pages left unprotected, memory equal: {(equal ? "yes" : "no")}");
        Assert.Equal(hasSignals, user.Interruptions > 0);
        Assert.Equal(hasSignals && fidelity == KvmFidelity.Faithful, log.Losses.UnprotectedPages > 0);

        // Where pages were left unprotected, whether it shows is a matter of the last stores.
        if (log.Losses == default)
            Assert.True(equal, $"{table}, {fidelity}: the copy differs after {user.Rounds} rounds");
    }

    private static void Write(Vcpu vcpu)
    {
        var program = new RandomStores(vcpu.Id);
        while (vcpu.Run(ref program) != VcpuExit.Interrupted)
            Thread.Yield();
    }

    private struct RandomStores(int vcpu) : IGuestProgram
    {
        private ulong _state = (ulong)vcpu + 2020;

        public VcpuExit Step(Vcpu vcpu)
        {
            // Each vCPU has words of its own.
            _state = (_state * 6364136223846793005) + 1442695040888963407;
            ulong word = (_state >> 33) % (PageCount * GuestPage.Size / 32);
            return vcpu.Store((word * 32) + ((ulong)vcpu.Id * 8), _state);
        }
    }

    /// <summary>Harvests, resets until the sum is right, and copies then: the recipe.</summary>
    private sealed class User(KvmDirtyLog log, MemorySlot slot, byte[] copy, bool hasSignals)
    {
        private readonly DirtyGfn[] _entries = new DirtyGfn[1024];
        private readonly HashSet<ulong> _pages = [];
        private readonly Random _random = new(3);

        public long Rounds { get; private set; }

        public long Entries { get; private set; }

        public long Calls { get; private set; }

        public long Interruptions { get; private set; }

        public long Zeros { get; private set; }

        public void Round()
        {
            Rounds++;
            log.KickVcpus();
            int harvested = 0;
            for (int vcpu = 0; vcpu < 2; vcpu++)
            {
                log.MapRing(vcpu, out KvmRingMapping? ring);
                int count = ring!.Harvester.Harvest(_entries);
                harvested += count;
                foreach (DirtyGfn entry in _entries.AsSpan(0, count))
                {
                    Assert.Equal(0u, entry.Slot);
                    _pages.Add(entry.Offset);
                }
            }

            int sum = 0;
            while (sum < harvested)
            {
                var signal = new SignalAfter(hasSignals ? _random.Next(0, 40) : int.MaxValue);
                KvmReset reset = log.ResetDirtyRings(ref signal);
                Assert.Equal(Errno.None, reset.Error);
                sum += reset.Entries;
                Calls++;
                Interruptions += reset.IsInterrupted ? 1 : 0;
                Zeros += reset.IsInterrupted && reset.Entries == 0 ? 1 : 0;
            }

            Assert.Equal(harvested, sum);
            Entries += sum;
            foreach (ulong page in _pages)
                slot.Memory.AsSpan().Slice((int)page * GuestPage.Size, GuestPage.Size).CopyTo(copy.AsSpan((int)page * GuestPage.Size));
            _pages.Clear();
        }
    }
}
