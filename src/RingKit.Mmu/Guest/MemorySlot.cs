using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Mmu.Guest;

/// <summary>A stretch of guest-physical memory over native memory: what KVM calls a memslot.</summary>
/// <remarks>Any thread may use it. The bytes behind it are the guest's: vCPUs write them without telling anyone.</remarks>
public sealed class MemorySlot : IDisposable
{
    private readonly NativeBlock<byte> _memory;

    // Which bits of an offset in the slot count in its bytes.
    private readonly ulong _fold;
    private uint _logsDirtyPages;
    private uint _isRemoved;

    /// <param name="id">As <see cref="Id"/>.</param>
    /// <param name="baseGfn">As <see cref="BaseGfn"/>.</param>
    /// <param name="pageCount">As <see cref="PageCount"/>.</param>
    /// <param name="ordinal">As <see cref="Ordinal"/>.</param>
    /// <param name="frameCount">How many pages of bytes there are: as many as the slot has, or none, or a power of two that is less.</param>
    internal MemorySlot(ushort id, ulong baseGfn, ulong pageCount, int ordinal, ulong frameCount)
    {
        Id = id;
        BaseGfn = baseGfn;
        PageCount = pageCount;
        Ordinal = ordinal;
        _fold = frameCount == 0 || frameCount == pageCount ? ulong.MaxValue : (frameCount << GuestPage.Shift) - 1;
        _memory = new NativeBlock<byte>((nuint)(frameCount << GuestPage.Shift), GuestPage.Size);
    }

    /// <summary>Address space id in bits 16..31, slot id in bits 0..15: as a dirty ring's entry names it.</summary>
    public uint Id { get; }

    /// <summary>The first guest frame number. It changes where KVM moves a slot alone: see <see cref="DirtyLogging.Kvm.KvmVm.SetUserMemoryRegion"/>.</summary>
    public ulong BaseGfn { get; internal set; }

    /// <summary>How many pages.</summary>
    public ulong PageCount { get; }

    /// <summary>The guest's bytes; the first is that of page <see cref="BaseGfn"/>.</summary>
    /// <exception cref="ObjectDisposedException">The guest memory is disposed.</exception>
    public NativeView<byte> Memory => _memory.View;

    /// <summary>Whether first writes are recorded: KVM's <c>KVM_MEM_LOG_DIRTY_PAGES</c>.</summary>
    public bool LogsDirtyPages
    {
        get => HardwareOrdering.LoadAcquire(ref _logsDirtyPages) != 0;
        internal set => HardwareOrdering.StoreRelease(ref _logsDirtyPages, value ? 1u : 0);
    }

    /// <summary>
    /// Whether the slot was taken from the guest: <see cref="VirtualMachine.RemoveSlot(MemorySlot)"/>. Its bytes stay, and so does what its dirty log has not handed over yet.
    /// </summary>
    public bool IsRemoved
    {
        get => HardwareOrdering.LoadAcquire(ref _isRemoved) != 0;                     // E83
        internal set => HardwareOrdering.StoreRelease(ref _isRemoved, value ? 1u : 0);   // E83
    }

    /// <summary>Not 0 while <see cref="LogsDirtyPages"/>.</summary>
    internal ref readonly uint LogFlag => ref _logsDirtyPages;

    /// <summary>Bytes of a bitmap with a bit for each page, in whole words of 64.</summary>
    internal ulong BitmapBytes => (PageCount + 63) / 64 * sizeof(ulong);

    /// <summary>The slot's place among the slots of its guest memory, from 0.</summary>
    internal int Ordinal { get; }

    /// <summary>From the slot's bytes to those that stand for them: all bits, but in a folded slot those inside its frames.</summary>
    internal ulong Fold => _fold;

    /// <summary>The host address of a byte of the slot.</summary>
    /// <param name="offset">In bytes, inside the slot.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe nuint HostAddress(ulong offset) => (nuint)_memory.View.DangerousPointer + (nuint)(offset & _fold);

    /// <summary>The guest memory that the slot belongs to does this.</summary>
    void IDisposable.Dispose() => _memory.Dispose();
}
