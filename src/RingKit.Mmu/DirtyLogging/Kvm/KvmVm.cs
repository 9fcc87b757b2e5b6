using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;

namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>
/// A machine as KVM's user makes it: capabilities, vCPUs and slots, in any order; then, at the first Build, a <see cref="VirtualMachine"/> with its
/// <see cref="KvmDirtyLog"/>.
/// </summary>
/// <remarks>
/// A simulated machine has its vCPUs and slots from the start, KVM's not, and what may be enabled depends on which of them are there. After Build the flags
/// of slots can still be changed, and slots deleted, made again and moved; there are no others, and no other sizes. Thread role: one thread at a time; after
/// Build the machine and its log are as they say.
/// </remarks>
public sealed class KvmVm : IDisposable
{
    private readonly List<Region> _regions = [];
    private GuestMemory? _memory;
    private int _vcpus;

    /// <summary>A machine without vCPUs, slots and capabilities: KVM_CREATE_VM.</summary>
    /// <param name="profile">The kind of host.</param>
    /// <param name="fidelity">Which of KVM's known defects it has.</param>
    /// <exception cref="ArgumentNullException">There is no profile.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value of the profile is out of its range, or there is no such defect.</exception>
    public KvmVm(KvmProfile profile, KvmFidelity fidelity = KvmFidelity.Safe) => Capabilities = new KvmCapabilities(profile, fidelity);

    /// <summary>What is agreed upon.</summary>
    public KvmCapabilities Capabilities { get; }

    /// <summary>The machine, once it is built.</summary>
    public VirtualMachine? Machine { get; private set; }

    /// <summary>The machine's log, once it is built.</summary>
    public KvmDirtyLog? Log { get; private set; }

    /// <summary>What a capability offers: KVM_CHECK_EXTENSION. See <see cref="KvmCapabilities.CheckExtension"/>.</summary>
    /// <param name="capability">Any value.</param>
    public int CheckExtension(KvmCapability capability) => Capabilities.CheckExtension(capability);

    /// <summary>Enables a capability: KVM_ENABLE_CAP. See <see cref="KvmCapabilities.EnableCap"/>.</summary>
    /// <param name="capability">Any value.</param>
    /// <param name="argument">Its args[0], any value.</param>
    /// <param name="flags">Any value.</param>
    public Errno EnableCap(KvmCapability capability, ulong argument = 0, uint flags = 0) =>
        Log?.EnableCap(capability, argument, flags) ?? Capabilities.EnableCap(capability, argument, flags);

    /// <summary>Makes the next vCPU: KVM_CREATE_VCPU.</summary>
    /// <returns><see cref="Errno.Invalid"/> if there are <see cref="VirtualMachine.MaximumVcpus"/> already.</returns>
    /// <exception cref="InvalidOperationException">The machine is built.</exception>
    public Errno CreateVcpu()
    {
        ThrowIfBuilt();
        if (_vcpus == VirtualMachine.MaximumVcpus)
            return Errno.Invalid;
        _vcpus++;
        Count();
        return Errno.None;
    }

    /// <summary>Makes a slot of zeroed memory, moves it, changes its flags, or with a size of 0 deletes it: KVM_SET_USER_MEMORY_REGION.</summary>
    /// <remarks>
    /// After Build: a slot that is deleted takes its bitmap with it, while entries of it stay in the rings; it has its bytes when it is made again, in its old
    /// size, and a new bitmap. A slot that moves keeps its bitmap, and each page of it is recorded anew at its next store.
    /// </remarks>
    /// <param name="slot">Any value: address space id in bits 16..31, slot id in bits 0..15.</param>
    /// <param name="flags">Any value.</param>
    /// <param name="guestAddress">Guest-physical address in bytes, any value.</param>
    /// <param name="size">Size in bytes, any value.</param>
    /// <returns>
    /// <see cref="Errno.Invalid"/> for unknown flags, an address or a size within a page, an id out of range, a range beyond the address space, more than
    /// 2^31 - 1 pages, a slot to delete that is not there, and
    /// another size for one that is; <see cref="Errno.Exists"/> for a range that overlaps another slot's.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The address space is there, but is none that the simulated machine can have slots in.</exception>
    /// <exception cref="InvalidOperationException">
    /// The machine is built, and has no such slot, or not of this size; or the slot would move while a vCPU is in the guest, or over another page table than
    /// the plainest.
    /// </exception>
    public Errno SetUserMemoryRegion(uint slot, KvmSlotTraits flags, ulong guestAddress, ulong size)
    {
        if ((flags & ~KvmSlotTraits.LogDirtyPages) != KvmSlotTraits.None || size % GuestPage.Size != 0 || guestAddress % GuestPage.Size != 0)
            return Errno.Invalid;
        if (!Capabilities.Profile.HasSlotId(slot) || guestAddress > ulong.MaxValue - size || size >> GuestPage.Shift > GuestMemory.MaximumSlotPages)
            return Errno.Invalid;
        if (slot > ushort.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(slot), slot, "A simulated machine's slots are all in address space 0.");

        int index = _regions.FindIndex(region => region.Slot == slot);
        var wanted = new Region(slot, flags, guestAddress, size);
        if (index < 0 ? size == 0 : size != 0 && size != _regions[index].Size)
            return Errno.Invalid;
        if (size != 0 && _regions.Exists(other => other.Slot != slot && guestAddress < other.Address + other.Size && other.Address < guestAddress + size))
            return Errno.Exists;
        if (Machine is not null)
            Change(wanted);
        if (index >= 0)
            _regions.RemoveAt(index);
        if (size != 0)
            _regions.Add(wanted);
        Count();
        return Errno.None;
    }

    /// <summary>Builds the machine with the plainest page table; slots that are flagged are logged from now on.</summary>
    /// <returns>Its log; this object disposes it, with the machine and its memory.</returns>
    /// <exception cref="ArgumentException">
    /// The page table cannot have these slots, or its processors log more pages by themselves than the profile says.
    /// </exception>
    /// <exception cref="InvalidOperationException">The machine is built, or it has no vCPU.</exception>
    public KvmDirtyLog Build() => Build((memory, vcpus) => new VirtualMachine(memory, vcpus));

    /// <summary>The same with a stage-2 page table, as on arm64.</summary>
    /// <param name="stage2">How it is made.</param>
    public KvmDirtyLog Build(Stage2Options stage2) => Build((memory, vcpus) => new VirtualMachine(memory, vcpus, stage2));

    /// <summary>The same with x86's two-dimensional paging, whose processors may log by themselves: <see cref="KvmProfile.HardwareLogEntries"/>.</summary>
    /// <param name="tdp">How memory is mapped.</param>
    public KvmDirtyLog Build(TdpOptions tdp) => Build((memory, vcpus) => new VirtualMachine(memory, vcpus, tdp));

    /// <summary>Ends the log, the machine and its memory. vCPUs have left the guest.</summary>
    public void Dispose()
    {
        Log?.Dispose();
        Machine?.Dispose();
        _memory?.Dispose();
    }

    private KvmDirtyLog Build(Func<GuestMemory, int, VirtualMachine> make)
    {
        ThrowIfBuilt();
        if (_vcpus == 0)
            throw new InvalidOperationException("A machine has at least one vCPU.");

        var memory = new GuestMemory();
        VirtualMachine? machine = null;
        try
        {
            foreach (Region region in _regions)
                memory.AddSlot((ushort)region.Slot, region.Address >> GuestPage.Shift, region.Size >> GuestPage.Shift);
            machine = make(memory, _vcpus);
            Log = new KvmDirtyLog(machine, Capabilities);
        }
        catch
        {
            machine?.Dispose();
            memory.Dispose();
            throw;
        }

        (_memory, Machine) = (memory, machine);
        foreach (Region region in _regions)
        {
            if (region.Flags == KvmSlotTraits.LogDirtyPages)
                Log.SetLogging(region.Slot, isLogged: true);
        }

        return Log;
    }

    // A slot that is not there any more is logged or not before the guest has it again.
    private void Change(Region wanted)
    {
        MemorySlot? slot = Machine!.Memory.FindById(wanted.Slot);
        if (slot is null || (wanted.Size != 0 && wanted.Size != slot.PageCount << GuestPage.Shift))
            throw new InvalidOperationException("The machine is built: it gets no other slots, and none of another size.");

        bool isDeleted = wanted.Size == 0;
        ulong baseGfn = wanted.Address >> GuestPage.Shift;
        if (!isDeleted && baseGfn != slot.BaseGfn)
            Machine.MoveSlot(slot, baseGfn);
        if (!isDeleted && wanted.Flags == KvmSlotTraits.LogDirtyPages)
            Log!.Start(slot);
        else
            Log!.Stop(slot);
        if (isDeleted)
            Machine.DeleteSlot(slot);
        else if (slot.IsRemoved)
            Machine.RestoreSlot(slot);
    }

    private void Count() => Capabilities.SetCounts(_vcpus, _regions.Count);

    private void ThrowIfBuilt()
    {
        if (Log is not null)
            throw new InvalidOperationException("The machine is built, and its vCPUs are fixed.");
    }

    private readonly record struct Region(uint Slot, KvmSlotTraits Flags, ulong Address, ulong Size);
}
