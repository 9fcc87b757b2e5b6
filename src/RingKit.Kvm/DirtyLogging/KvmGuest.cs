using System.Collections.Immutable;
using RingKit.DirtyRings;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;

namespace RingKit.Kvm.DirtyLogging;

/// <summary>
/// A real guest over <see cref="GuestMemory"/>: the kernel's machine with its vCPUs and all slots, and the <see cref="VirtualMachine"/> that has its dirty log.
/// </summary>
/// <remarks>Thread role: <see cref="Dispose"/> by one thread, when no thread runs a vCPU; the parts are as they say.</remarks>
public sealed class KvmGuest : IDisposable
{
    private KvmGuest(KvmMachine kvm, VirtualMachine machine, KvmDirtyLog log)
    {
        Kvm = kvm;
        Machine = machine;
        Log = log;
        Vcpus = kvm.Vcpus;
    }

    /// <summary>The kernel's machine.</summary>
    public KvmMachine Kvm { get; }

    /// <summary>The machine of the same memory whose log <see cref="Log"/> is. Its own vCPUs never run.</summary>
    public VirtualMachine Machine { get; }

    /// <summary>The dirty log, which is off.</summary>
    public KvmDirtyLog Log { get; }

    /// <summary>The kernel's vCPUs, by their number, in the state that KVM gives them: see <see cref="KvmVcpu.EnterRealMode"/>.</summary>
    public ImmutableArray<KvmVcpu> Vcpus { get; }

    /// <summary>What this machine, or this process, lacks for a form, in one line; null if nothing.</summary>
    /// <param name="form">The form.</param>
    /// <param name="path">The device's file.</param>
    public static string? WhyNot(KvmLogForm form = KvmLogForm.Ring, string path = KvmDevice.DefaultPath)
    {
        Errno error = KvmDevice.Open(out KvmDevice? device, path);
        using (device)
        {
            if (device is null)
            {
                return error switch
                {
                    Errno.NotImplemented => "KVM is bound on Linux on x86-64 alone",
                    Errno.NoEntry => $"there is no {path}",
                    Errno.AccessDenied or Errno.NotPermitted => $"no right to open {path}",
                    _ => $"{path} cannot be used: {KvmException.NameOf(error)}",
                };
            }

            return form switch
            {
                KvmLogForm.Ring when device.CheckExtension(KvmCapability.DirtyLogRingAcqRel) == 0 => "the kernel has no KVM_CAP_DIRTY_LOG_RING_ACQ_REL",
                KvmLogForm.Manual when device.CheckExtension(KvmCapability.ManualDirtyLogProtect2) == 0 => "the kernel has no KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2",
                KvmLogForm.InitiallySet when (device.CheckExtension(KvmCapability.ManualDirtyLogProtect2) & 2) == 0 => "the kernel has no KVM_DIRTY_LOG_INITIALLY_SET",
                _ => null,
            };
        }
    }

    /// <summary>Makes a guest, or nothing at all.</summary>
    /// <param name="memory">Its slots, all of which have bytes of their own. Fixed from now on, and kept until the guest is disposed.</param>
    /// <param name="options">How it is made; by default one vCPU with a ring.</param>
    /// <exception cref="ArgumentNullException">There is no memory.</exception>
    /// <exception cref="ArgumentException">A slot has no bytes of its own.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are no vCPUs, or no such form, or the entries are below 1.</exception>
    /// <exception cref="KvmException">The kernel refuses something; the message says what.</exception>
    public static KvmGuest Create(GuestMemory memory, KvmGuestOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        options ??= new KvmGuestOptions();
        if (options.RingEntries < 1)
            throw new ArgumentOutOfRangeException(nameof(options), options.RingEntries, $"{nameof(options.RingEntries)} must be at least 1.");
        CheckBytes(memory);

        VirtualMachine? machine = null;
        KvmMachine? kvm = null;
        try
        {
            machine = new VirtualMachine(memory, options.Vcpus);
            kvm = CreateMachine(options);
            Equip(kvm, memory, options.Vcpus);
            return new KvmGuest(kvm, machine, new KvmDirtyLog(machine, kvm, options));
        }
        catch
        {
            kvm?.Dispose();
            machine?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Has the kernel log in another form from now on. As a machine of the kernel's cannot change, the guest moves into a new one, over the same memory; for
    /// the user nothing changes but <see cref="KvmDirtyLog.Form"/>: <see cref="Kvm"/> and <see cref="Vcpus"/> stay, and threads that run vCPUs go on. docs/kvm.md
    /// says what of a vCPU is carried over, and what it costs.
    /// </summary>
    /// <param name="form">The form. Pages that were never written are not in a harvest, also of <see cref="KvmLogForm.InitiallySet"/>, before the next start.</param>
    /// <remarks>Any thread, but not a vCPU's while it is in the guest. Nothing that is in the log is lost. If it fails, the guest is where it was, and goes on.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">There is no such form.</exception>
    /// <exception cref="KvmException">
    /// The kernel refuses something, the message says what; <see cref="Errno.Busy"/> if a vCPU has left the guest for an access that its next run finishes;
    /// <see cref="Errno.NotSupported"/> for slots of guest_memfd.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The guest is disposed.</exception>
    public void Rehouse(KvmLogForm form) => Log.MoveTo(form);

    /// <summary>Ends the log, then the kernel's machine, then the other. vCPUs that are in the guest leave it.</summary>
    public void Dispose()
    {
        Log.Dispose();
        Kvm.Dispose();
        Machine.Dispose();
    }

    // A machine with its rings, if it is to have them, and nothing else: there are none for vCPUs that exist.
    internal static KvmMachine CreateMachine(KvmGuestOptions options)
    {
        KvmException.ThrowIf(KvmDevice.Open(out KvmDevice? device, options.DevicePath), options.DevicePath);
        using (device)
        {
            KvmException.ThrowIf(device!.CreateMachine(out KvmMachine? kvm), "KVM_CREATE_VM");
            if (options.Form != KvmLogForm.Ring)
                return kvm!;
            Errno error = kvm!.EnableCap(options.RingCapability, (ulong)options.RingEntries * DirtyGfn.SizeInBytes);
            if (error == Errno.None)
                return kvm;
            kvm.Dispose();
            throw new KvmException($"A ring of {options.RingEntries} entries", error);
        }
    }

    private static void Equip(KvmMachine kvm, GuestMemory memory, int vcpus)
    {
        foreach (MemorySlot slot in memory.Slots)
        {
            Errno error = kvm.SetMemoryRegion(slot.Id, KvmSlotTraits.None, slot.BaseGfn << GuestPage.Shift, slot.Memory);
            KvmException.ThrowIf(error, $"Slot {slot.Id}");
        }

        for (uint id = 0; id < vcpus; id++)
            KvmException.ThrowIf(kvm.CreateVcpu(id, out _), $"vCPU {id}");
    }

    private static void CheckBytes(GuestMemory memory)
    {
        foreach (MemorySlot slot in memory.Slots)
        {
            if ((ulong)slot.Memory.Length != slot.PageCount << GuestPage.Shift)
                throw new ArgumentException($"Slot {slot.Id} has no bytes of its own.", nameof(memory));
        }
    }
}
