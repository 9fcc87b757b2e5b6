using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Mmu.PageTables;

/// <summary>The lock of a page table: faults share it, what frees tables or protects ranges has it alone.</summary>
/// <remarks>
/// A thread that waits answers invalidations, as the holder may wait for that; so it is no lock of the runtime's. Who wants it alone keeps newcomers out while the
/// others finish. It is not reentrant. Source: KVM's mmu_lock, a rwlock on arm64 since Linux 5.12.
/// </remarks>
internal sealed class MmuLock<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // Bit 63: somebody has it alone or waits for those who share it, whose number is below.
    private const ulong Alone = 1UL << 63;

    private readonly NativeBlock<ulong> _block = new(1);
    private readonly NativeView<ulong> _view;

    public MmuLock() => _view = _block.View;

    /// <summary>Takes a share.</summary>
    public void EnterShared<TThread>(ref TThread thread)
        where TThread : struct, IWaitingThread, allows ref struct
    {
        ref ulong word = ref _view[0];
        while (true)
        {
            ulong seen = TOrdering.LoadRelaxed(ref word);
            if ((seen & Alone) == 0 && TOrdering.CompareExchangeAcquire(ref word, seen + 1, seen) == seen)        // E66
                return;
            thread.Relax();
        }
    }

    /// <summary>Gives a share back.</summary>
    public void ExitShared()
    {
        ref ulong word = ref _view[0];
        ulong seen = TOrdering.LoadRelaxed(ref word);
        for (ulong found; (found = TOrdering.CompareExchangeRelease(ref word, seen - 1, seen)) != seen; seen = found)   // E66
        {
        }
    }

    /// <summary>Takes it alone.</summary>
    public void Enter<TThread>(ref TThread thread)
        where TThread : struct, IWaitingThread, allows ref struct
    {
        ref ulong word = ref _view[0];
        while (true)
        {
            ulong seen = TOrdering.LoadRelaxed(ref word);
            if ((seen & Alone) == 0 && TOrdering.CompareExchangeRelaxed(ref word, seen | Alone, seen) == seen)
                break;
            thread.Relax();
        }

        // Through the read-modify-writes of the word, its own included, it acquires from all who had it or a share before.
        while (TOrdering.LoadAcquire(ref word) != Alone)                                                          // E66
            thread.Relax();
    }

    /// <summary>Gives it back.</summary>
    public void Exit() => TOrdering.StoreRelease(ref _view[0], 0);                                                // E66

    public void Dispose() => _block.Dispose();
}
