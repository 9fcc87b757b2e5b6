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
    private readonly KvmVcpuThreads<UntilHalted> _threads;

    private StoringGuest(KvmGuest guest)
    {
        Guest = guest;
        _threads = new KvmVcpuThreads<UntilHalted>(guest);
    }

    /// <summary>The guest, its log and its parts.</summary>
    public KvmGuest Guest { get; }

    /// <summary>What runs its vCPUs.</summary>
    public KvmVcpuThreads<UntilHalted> Threads => _threads;

    /// <summary>The stores that the vCPUs have made; while none of them is in the guest.</summary>
    public ulong Stores => Guest.Vcpus.Aggregate(0UL, (sum, vcpu) => sum + StoresOf(vcpu));

    private NativeView<byte> Memory => Guest.Machine.Memory.Slots[0].Memory;

    /// <summary>The pages that a guest needs, with its program and page tables.</summary>
    /// <param name="pages">How many it stores to.</param>
    public static ulong PagesFor(int pages)
    {
        // The tables map their own pages too: a page of them for each GiB.
        ulong total = (ulong)pages + (ulong)GuestProgram.FirstFreePage(GuestMode.Long, (ulong)pages << GuestPage.Shift) + 1;
        return total;
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
        if (KvmGuest.WhyNot(options.Form, options.DevicePath) is { } missing)
            throw new CommandException($"no real guest can run here: {missing}");
        KvmGuest? made = null;
        try
        {
            made = KvmGuest.Create(memory, options);
            foreach (KvmVcpu vcpu in made.Vcpus)
            {
                Errno error = GuestProgram.Load(vcpu, memory.Slots[0].Memory, GuestMode.Long, stores((int)vcpu.Id));
                if (error != Errno.None)
                    throw new KvmException($"The registers of vCPU {vcpu.Id}", error);
            }

            return new StoringGuest(made);
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

    /// <summary>Raises the stop flag and waits until all vCPUs have halted; where one has not within a second, it is fetched out.</summary>
    /// <exception cref="InvalidOperationException">A vCPU has failed; the inner exception says how.</exception>
    public void Halt()
    {
        GuestProgram.Stop(Memory);
        _threads.AwaitEnd(TimeSpan.FromSeconds(1));
        _threads.Stop();
    }

    public void Dispose()
    {
        _threads.Dispose();
        Guest.Dispose();
    }

    // The programs count down in rcx, from 2^64.
    private static ulong StoresOf(KvmVcpu vcpu)
    {
        Errno error = vcpu.GetRegisters(out KvmRegisters registers);
        return error == Errno.None ? unchecked(0 - registers.Rcx) : throw new KvmException($"The registers of vCPU {vcpu.Id}", error);
    }
}
