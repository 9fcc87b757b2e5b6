using RingKit.Kvm.Native;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;

namespace RingKit.Kvm;

/// <content>Memory slots.</content>
public sealed unsafe partial class KvmMachine
{
    private const uint GuestMemfdFlag = 1 << 2;

    private Dictionary<uint, Slot> _slots = [];

    /// <summary>Makes a slot over memory, or changes the flags or the address of one that is there: KVM_SET_USER_MEMORY_REGION.</summary>
    /// <param name="slot">Address space id in bits 16..31, slot id in bits 0..15; any value.</param>
    /// <param name="traits">Its flags; any value.</param>
    /// <param name="guestAddress">Guest-physical address in bytes; any value.</param>
    /// <param name="memory">
    /// What is behind it, kept until the slot is gone: page aligned, in whole pages. Of a slot that is there, the same memory.
    /// </param>
    /// <returns>
    /// <see cref="Errno.Invalid"/> for values that are none, and for other memory than that of a slot that is there; <see cref="Errno.Exists"/> for a range
    /// that overlaps another slot's.
    /// </returns>
    /// <exception cref="ArgumentException">There is no memory. To delete a slot: <see cref="DeleteMemoryRegion"/>.</exception>
    /// <exception cref="ObjectDisposedException">The machine, or the memory, is disposed.</exception>
    public Errno SetMemoryRegion(uint slot, KvmSlotTraits traits, ulong guestAddress, NativeView<byte> memory)
    {
        if (memory.Length == 0)
            throw new ArgumentException("A slot has at least a page of memory.", nameof(memory));
        NativeLease lease = memory.Lease();
        lock (_gate)
        {
            var region = new Region
            {
                Slot = slot,
                Flags = (uint)traits,
                GuestAddress = guestAddress,
                Size = memory.Length,
                UserAddress = (ulong)memory.DangerousPointer,
            };
            Errno error = Set(in region);
            if (error == Errno.None)
                Remember(slot, new Slot(region, memory, lease));
            else
                lease.Dispose();
            return error;
        }
    }

    /// <summary>Changes the flags of a slot that is there. To stop logging forgets what the slot's log has.</summary>
    /// <param name="slot">A slot.</param>
    /// <param name="traits">Its flags from now on; any value.</param>
    /// <returns><see cref="Errno.NoEntry"/> if there is no such slot, <see cref="Errno.Invalid"/> for flags that KVM does not take.</returns>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public Errno SetSlotTraits(uint slot, KvmSlotTraits traits)
    {
        lock (_gate)
        {
            if (!_slots.TryGetValue(slot, out Slot? known))
                return Errno.NoEntry;
            Region region = known.Region with { Flags = (known.Region.Flags & GuestMemfdFlag) | (uint)traits };
            Errno error = Set(in region);
            if (error == Errno.None)
                known.Region = region;
            return error;
        }
    }

    /// <summary>Takes a slot from the guest, and what its log has with it; its memory is released. Entries of it may still be in rings.</summary>
    /// <param name="slot">Any value.</param>
    /// <returns><see cref="Errno.Invalid"/> if there is no such slot.</returns>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public Errno DeleteMemoryRegion(uint slot)
    {
        lock (_gate)
        {
            Errno error = Set(new Region { Slot = slot });
            if (error == Errno.None && _slots.Remove(slot, out Slot? known))
                known.Dispose();
            return error;
        }
    }

    /// <summary>
    /// Makes a slot whose private memory is a new guest_memfd of the same size, and whose shared memory is the user's: KVM_CREATE_GUEST_MEMFD and
    /// KVM_SET_USER_MEMORY_REGION2. Such slots have no dirty log: KVM refuses the flag.
    /// </summary>
    /// <param name="slot">As for <see cref="SetMemoryRegion"/>.</param>
    /// <param name="traits">Its flags, without that of guest_memfd; any value.</param>
    /// <param name="guestAddress">As for <see cref="SetMemoryRegion"/>.</param>
    /// <param name="memory">The shared memory, as for <see cref="SetMemoryRegion"/>.</param>
    /// <returns>As <see cref="SetMemoryRegion"/>, and <see cref="Errno.Invalid"/> with <see cref="KvmSlotTraits.LogDirtyPages"/>.</returns>
    /// <exception cref="ArgumentException">There is no memory.</exception>
    /// <exception cref="ObjectDisposedException">The machine, or the memory, is disposed.</exception>
    public Errno SetGuestMemfdRegion(uint slot, KvmSlotTraits traits, ulong guestAddress, NativeView<byte> memory)
    {
        if (memory.Length == 0)
            throw new ArgumentException("A slot has at least a page of memory.", nameof(memory));
        NativeLease lease = memory.Lease();
        lock (_gate)
        {
            var creation = new MemfdCreation { Size = memory.Length };
            int created = Libc.Ioctl(_file, KvmRequest.CreateGuestMemfd, &creation);
            if (created < 0)
            {
                Errno refusal = Libc.LastError;
                lease.Dispose();
                return refusal;
            }

            var region = new Region
            {
                Slot = slot,
                Flags = GuestMemfdFlag | (uint)traits,
                GuestAddress = guestAddress,
                Size = memory.Length,
                UserAddress = (ulong)memory.DangerousPointer,
                Memfd = (uint)created,
            };
            var owner = new Slot(region, memory, lease, new FileDescriptor(created));
            Errno error = Set(in region);
            if (error == Errno.None)
                Remember(slot, owner);
            else
                owner.Dispose();
            return error;
        }
    }

    /// <summary>Pages of a slot, or 0 if there is none. Under the lock.</summary>
    private ulong PagesOf(uint slot) => _slots.TryGetValue(slot, out Slot? known) ? known.Region.Size >> GuestPage.Shift : 0;

    private Errno Set(in Region region)
    {
        // The first 32 bytes of the second form are the first one.
        fixed (Region* argument = &region)
        {
            nuint request = (region.Flags & GuestMemfdFlag) != 0 ? KvmRequest.SetUserMemoryRegion2 : KvmRequest.SetUserMemoryRegion;
            return Libc.Ioctl(_file, request, argument) < 0 ? Libc.LastError : Errno.None;
        }
    }

    private void Remember(uint slot, Slot owner)
    {
        if (_slots.Remove(slot, out Slot? before))
            before.Dispose();
        _slots.Add(slot, owner);
    }

    private void ReleaseSlots()
    {
        foreach (Slot slot in _slots.Values)
            slot.Dispose();
        _slots.Clear();
    }

    // What the kernel was told, and what it relies on.
    private sealed class Slot(Region region, NativeView<byte> memory, NativeLease lease, FileDescriptor? memfd = null) : IDisposable
    {
        public Region Region { get; set; } = region;

        public NativeView<byte> Memory { get; } = memory;

        public void Dispose()
        {
            memfd?.Dispose();
            lease.Dispose();
        }
    }

    // struct kvm_userspace_memory_region2.
    private struct Region
    {
        public uint Slot;
        public uint Flags;
        public ulong GuestAddress;
        public ulong Size;
        public ulong UserAddress;
        public ulong MemfdOffset;
        public uint Memfd;
        public uint Padding;
        public Words14 MorePadding;
    }

    // struct kvm_create_guest_memfd.
    private struct MemfdCreation
    {
        public ulong Size;
        public ulong Flags;
        public Words6 Reserved;
    }
}
