using RingKit.Cli.Commands;
using RingKit.Kvm;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Guests;
using RingKit.Kvm.Registers;
using RingKit.Kvm.Running;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.RealGuests;

/// <summary>A guest on the kernel's KVM whose vCPUs store by a pattern, in 64-bit mode, each on a thread of its own.</summary>
/// <remarks>Thread role: one thread at a time.</remarks>
internal sealed class StoringGuest : IDisposable
{
    private const int HotPart = 100;

    private readonly KvmVcpuThreads<UntilHalted> _threads;
    private bool _hasHalted;

    private StoringGuest(KvmGuest guest)
    {
        Guest = guest;
        _threads = new KvmVcpuThreads<UntilHalted>(guest);
    }

    /// <summary>The guest, its log and its parts.</summary>
    public KvmGuest Guest { get; }

    /// <summary>What runs its vCPUs.</summary>
    public KvmVcpuThreads<UntilHalted> Threads => _threads;

    /// <summary>The stores that the vCPUs have made; while none of them is in the guest. One that was fetched out of it may have made one more.</summary>
    public ulong Stores => Guest.Vcpus.Aggregate(0UL, (sum, vcpu) => sum + StoresOf(vcpu));

    private NativeView<byte> Memory => Guest.Machine.Memory.Slots[0].Memory;

    /// <summary>The pages that a guest needs, with its program and page tables.</summary>
    /// <param name="pages">How many it stores to.</param>
    public static ulong PagesFor(int pages)
    {
        // The tables map their own pages too: a page of them for each GiB.
        return (ulong)pages + (ulong)GuestProgram.FirstFreePage(GuestMode.Long, (ulong)pages << GuestPage.Shift) + 1;
    }

    /// <summary>The first page that a guest of so much memory may store to.</summary>
    public static int FirstPageOf(ulong bytes) => GuestProgram.FirstFreePage(GuestMode.Long, bytes);

    /// <summary>Makes a guest, or nothing at all, and its programs; it runs when <see cref="Threads"/> are started.</summary>
    /// <param name="memory">Its memory: one slot from address 0 on.</param>
    /// <param name="options">How it is made.</param>
    /// <param name="stores">What each vCPU stores, by its number.</param>
    /// <exception cref="CommandException">This machine or this process lacks what it needs; the message says what.</exception>
    /// <exception cref="GuestFailedException">The kernel refuses something.</exception>
    public static StoringGuest Create(GuestMemory memory, KvmGuestOptions options, Func<int, GuestStores> stores)
    {
        KvmPath.Require(options.Form, options.DevicePath);
        KvmGuest? made = null;
        try
        {
            made = KvmGuest.Create(memory, options);
            var guest = new StoringGuest(made);
            guest.Load(stores);
            return guest;
        }
        catch (KvmException e)
        {
            made?.Dispose();
            throw GuestFailedException.Of(e);
        }
        catch
        {
            made?.Dispose();
            throw;
        }
    }

    /// <summary>What one of several vCPUs stores: by a random pattern to all pages, each with a seed of its own; by the others to a share of them.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="first">The first page.</param>
    /// <param name="pages">How many pages, at least one for each vCPU.</param>
    /// <param name="vcpu">The vCPU's number.</param>
    /// <param name="vcpus">How many there are.</param>
    /// <param name="seed">Of vCPU 0.</param>
    public static GuestStores ShareOf(GuestPattern pattern, int first, int pages, int vcpu, int vcpus, uint seed = 1)
    {
        bool isRandom = pattern is GuestPattern.Random or GuestPattern.HotSet;
        int begin = isRandom ? 0 : Part(vcpu), end = isRandom ? pages : Part(vcpu + 1);
        return new GuestStores
        {
            Pattern = pattern,
            FirstPage = first + begin,
            PageCount = end - begin,
            HotPages = Math.Max(1, (end - begin) / HotPart),
            Seed = isRandom ? unchecked(seed + (uint)vcpu) : 0,
        };

        int Part(int number) => (int)((long)pages * number / vcpus);
    }

    /// <summary>Gives the vCPUs other programs, before they run.</summary>
    /// <param name="stores">What each vCPU stores, by its number.</param>
    /// <exception cref="KvmException">The kernel refuses their registers.</exception>
    public void Load(Func<int, GuestStores> stores)
    {
        foreach (KvmVcpu vcpu in Guest.Vcpus)
        {
            Errno error = GuestProgram.Load(vcpu, Memory, GuestMode.Long, stores((int)vcpu.Id));
            if (error != Errno.None)
                throw new KvmException($"The registers of vCPU {vcpu.Id}", error);
        }
    }

    /// <summary>Raises the stop flag and waits until all vCPUs have halted; where one has not within a second, it is fetched out.</summary>
    /// <exception cref="InvalidOperationException">A vCPU has failed; the inner exception says how.</exception>
    public void Halt()
    {
        GuestProgram.Stop(Memory);
        _hasHalted = _threads.AwaitEnd(TimeSpan.FromSeconds(1));
        _threads.Stop();
    }

    public void Dispose()
    {
        _threads.Dispose();
        Guest.Dispose();
    }

    // The programs count down in rcx, from 2^64, behind the look at the stop flag: so that their last store is not counted.
    private ulong StoresOf(KvmVcpu vcpu)
    {
        Errno error = vcpu.GetRegisters(out KvmRegisters registers);
        return error == Errno.None ? unchecked((_hasHalted ? 1UL : 0) - registers.Rcx) : throw new KvmException($"The registers of vCPU {vcpu.Id}", error);
    }
}
