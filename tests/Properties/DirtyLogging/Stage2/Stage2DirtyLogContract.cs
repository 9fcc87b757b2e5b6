using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Stage2;

/// <summary>The contract of every log that protects pages, over a stage-2 table that maps all of the guest's memory when the log starts.</summary>
public abstract class Stage2DirtyLogContract(Func<VirtualMachine, IDirtyLog> make, ulong bytesOfTheBooks, Stage2Options options)
    : WriteProtectingLogContract(make, bytesOfTheBooks, memory => Machine(memory, options))
{
    // As the logs read them over the plain page table.
    internal const ulong BitmapBytes = 18 * 8, RingBytes = 2 * 65 * 16, SummaryBytes = 4 * 8;

    internal static Stage2Options Pages => new() { HasHugePages = false };

    internal static Stage2Options Blocks => new();

    internal static Stage2Options SplitPages => new() { HasHugePages = false, EagerSplitChunk = 4096 };

    internal static Stage2Options SplitBlocks => new() { EagerSplitChunk = 2 << 20, MaskedProtection = Mmu.DirtyLogging.Memslots.MaskedProtection.Exact };

    internal static Stage2Options PagesOf2014 => new() { HasHugePages = false, Generation = Stage2Generation.Posted2014 };

    internal static Stage2Options BlocksOf2014 => new() { Generation = Stage2Generation.Posted2014 };

    internal static IDirtyLog Bitmap(VirtualMachine machine) => new BitmapDirtyLog(machine);

    internal static IDirtyLog Summary(VirtualMachine machine) => new SummaryDirtyLog(machine);

    internal static IDirtyLog Adaptive(VirtualMachine machine) => new AdaptiveDirtyLog(machine);

    internal static IDirtyLog Ring(VirtualMachine machine) => new RingDirtyLog(machine, ringEntries: 256);

    /// <summary>A machine of two vCPUs, which has mapped its memory.</summary>
    internal static VirtualMachine Machine(GuestMemory memory, Stage2Options options)
    {
        var machine = new VirtualMachine(memory, vcpus: 2, options);
        foreach (MemorySlot slot in memory.Slots)
        {
            for (ulong gfn = slot.BaseGfn; gfn < slot.BaseGfn + slot.PageCount; gfn++)
            {
                ulong gpa = gfn << GuestPage.Shift;
                Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Load(gpa, [])));
            }
        }

        return machine;
    }
}
