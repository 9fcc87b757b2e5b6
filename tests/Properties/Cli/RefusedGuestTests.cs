using RingKit.Cli.RealGuests;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Tests.Host;
using RingKit.Mmu;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Cli;

/// <summary>The commands on a kernel that lacks something, or refuses it: processes whose system calls are filtered, as a container's are, meet it.</summary>
[Collection(RunAlone.Name)]
public sealed class RefusedGuestTests
{
    private const uint CreateMachine = 0xAE01, CheckExtension = 0xAE03, CreateVcpu = 0xAE41, RunVcpu = 0xAE80, EnableCap = 0x4068_AEA3, NewUserfault = 0xAA00;

    private static readonly string[] Run = ["kvm", "run", "--pages", "16", "--time", "50ms"];
    private static readonly string[] Migrate = ["migrate", "--mmu", "kvm", "--memory", "8M", "--vcpus", "1", "--warm-up", "10ms"];
    private static readonly string[] Harvest = ["harvest", "--mmu", "kvm", "--memory", "8M", "--dirty", "10", "--pattern", "random", "--logs", "kvm-ring"];

    private static readonly string[] Replay = ["replay", TraceFiles.Ls, "--mmu", "kvm", "--memory", "4M", "--log", "kvm-manual"];

    public static TheoryData<string[], uint, Errno, string> Refused => new()
    {
        { Run, CheckExtension, Errno.None, "no real guest can run here: the kernel has no KVM_CAP_DIRTY_LOG_RING_ACQ_REL" },
        { Migrate, CreateMachine, Errno.NoMemory, "the real guest failed: KVM_CREATE_VM was refused: NoMemory" },
        { Migrate, EnableCap, Errno.TooBig, "the real guest failed: A ring of 4096 entries was refused: TooBig" },
        { Harvest, CreateVcpu, Errno.NoMemory, "the real guest failed: vCPU 0 was refused: NoMemory" },
        { Replay, EnableCap, Errno.Invalid, "the real guest failed: KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 was refused: Invalid" },
    };

    // The kernel enters no guest. What a vCPU had in its registers follows.
    public static TheoryData<string[]> Failing { get; } = [Run, Migrate, Harvest, Replay];

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_a_kernel_refuses_is_one_line(string[] args, uint request, Errno answer, string error)
    {
        Need();
        Filtered([(SystemCallFilter.Ioctl, request, answer)], args).AssertRefused(error);
    }

    [Theory]
    [MemberData(nameof(Failing))]
    public void A_guest_that_fails_leaves_one_line_and_its_registers(string[] args)
    {
        Need();
        CommandResult result = Filtered([(SystemCallFilter.Ioctl, RunVcpu, Errno.BadAddress)], args);
        string[] lines = result.Error.TrimEnd().Split('\n');
        Assert.Equal("ringkit: the real guest failed: vCPU 0 left the guest unexpectedly: KVM_RUN failed: BadAddress", lines[0]);
        Assert.Contains(lines[1..], line => line.TrimStart().StartsWith("rip ", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
    }

    [Fact]
    public void A_process_that_may_not_track_its_memory_is_told_so_by_the_row_and_by_info()
    {
        Assert.SkipWhen(SystemCallFilter.WhyNot is not null, SystemCallFilter.WhyNot ?? "");
        (uint, uint?, Errno)[] filter = [(SystemCallFilter.Userfaultfd, null, Errno.NotPermitted), (SystemCallFilter.Ioctl, NewUserfault, Errno.NotPermitted)];
        Filtered(filter, "harvest", "--memory", "8M", "--dirty", "10", "--pattern", "random", "--logs", "bitmap,host").AssertRefused("--logs host: The process may not use userfaultfd");
        CommandResult info = Filtered(filter, "info");
        Assert.Equal((0, ""), (info.ExitCode, info.Error));
        Assert.Contains("The process may not use userfaultfd", info.Output, StringComparison.Ordinal);
    }

    private static CommandResult Filtered((uint Call, uint? Request, Errno Error)[] refused, params string[] args)
    {
        CommandResult? result = null;

        // A process has the filter of the thread that starts it.
        SystemCallFilter.Run(refused, () => result = CommandResult.OfProcessAsync(args).GetAwaiter().GetResult());
        return result!;
    }

    private static void Need()
    {
        string? missing = SystemCallFilter.WhyNot ?? KvmGuest.WhyNot(KvmLogForm.Ring, KvmPath.Current);
        if (missing is null)
            return;
        Report.Line($"A test of a command on a kernel that refuses is skipped: {missing}.");
        Assert.Skip(missing);
    }
}
