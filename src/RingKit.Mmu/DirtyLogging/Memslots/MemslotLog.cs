using RingKit.Bitmaps;
using RingKit.Bitmaps.Cores;
using RingKit.Memory;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging.Memslots;

/// <summary>A memory slot's dirty bitmap as KVM keeps it: marked by vCPUs, fetched by KVM_GET_DIRTY_LOG, cleared by KVM_CLEAR_DIRTY_LOG.</summary>
/// <remarks>
/// Thread role: <see cref="Mark"/> by any thread, concurrently with everything; the rest by one thread at a time, as under KVM's slots_lock.
/// The bitmap has two halves, as in KVM: the live one, and one for what a fetch has taken.
/// </remarks>
internal sealed partial class MemslotLog<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // No store is lost, whichever way a write fault and a fetch interleave, by the order in each:
    //   fault: make the page writable, then mark it;
    //   fetch: take the mark (E4), then protect, then flush, then let the pages be read.
    // Who takes a mark sees the writable entry behind it, and takes its permission away; a fault that comes later marks again. A fetch that
    // protected first could take the mark of a fault in between: the page would stay writable, and no mark would tell of later stores.

    private readonly NativeBlock<ulong> _words;
    private readonly NativeView<ulong> _liveWords;
    private readonly DirtyBitmapCore<TOrdering> _live;
    private readonly NativeView<ulong> _snapshot;
    private readonly MemslotLogOptions _options;
    private bool _hasStarted;

    // All pages are dirty, but the words do not say so yet: filling them is the dearest part of such a start, and can wait until somebody reads them.
    private bool _isFull;

    /// <summary>The log of a slot, which is off.</summary>
    /// <param name="pages">The slot's pages, at least 1.</param>
    /// <param name="options">How it is fetched and cleared.</param>
    public MemslotLog(ulong pages, MemslotLogOptions options)
    {
        MemslotLogOptions.Check(options);
        if (pages == 0)
            throw new ArgumentOutOfRangeException(nameof(pages), pages, "A slot has at least 1 page.");
        _options = options;
        ManualProtect = options.ManualProtect;
        nuint half = (nuint)DirtyBitmapCore<TOrdering>.WordsFor(pages);
        _words = new NativeBlock<ulong>(2 * half);
        _liveWords = _words.View.Slice(0, half);
        _snapshot = _words.View.Slice(half, half);
        _live = new DirtyBitmapCore<TOrdering>(_liveWords, pages);
    }

    /// <summary>How many pages the slot has.</summary>
    public ulong Pages => _live.Pages;

    /// <summary>Bytes of the bitmap that goes out: a bit a page, rounded up to 8 bytes.</summary>
    public ulong ByteLength => 8 * (ulong)_liveWords.Length;

    /// <summary>Whether the slot has a dirty bitmap: KVM_MEM_LOG_DIRTY_PAGES.</summary>
    public bool IsOn { get; private set; }

    /// <summary>Who takes pages out of the log. It may change at any time; whether all pages are dirty at first is decided when the log starts.</summary>
    public ManualProtect ManualProtect { get; set; }

    /// <summary>Pages that were taken for memory which could not have them: <see cref="MemslotLogOptions.KeepsLogOnBadAddress"/>.</summary>
    public ulong LostPages { get; private set; }

    /// <summary>Bits of the slot that are set. Marks that are made meanwhile may be in it or not.</summary>
    public ulong Count()
    {
        Fill();
        return _live.Count();
    }

    /// <summary>Whether a page's bit is set.</summary>
    public bool IsDirty(ulong page)
    {
        Fill();
        return _live.IsDirty(page);
    }

    /// <summary>Starts the log: with a clean bitmap and the whole slot protected, or with all pages dirty and none protected.</summary>
    /// <remarks>
    /// The caller has told the faults before that the slot is logged, in an order that its page table's protection relies on. Each start protects anew: since the
    /// log was stopped pages may have become writable.
    /// </remarks>
    public void Start<TProtection>(ref TProtection protection)
        where TProtection : struct, IMemslotProtection, allows ref struct
    {
        bool isRestart = _hasStarted;
        IsOn = _hasStarted = true;
        _isFull = (ManualProtect & ManualProtect.InitiallySet) != ManualProtect.None;
        if (_isFull)
            return;

        // Marks that came late for a log before this one.
        _live.ClearRange<AlwaysOr>(0, Pages);
        if (Has(Stage2Defects.RestartsWithoutProtection) && isRestart)
            return;

        protection.Enter();
        if (!Has(Stage2Defects.SplitsBeforeProtection))
        {
            protection.ProtectAll();
            protection.Exit();
            protection.Flush();
            protection.Enter();
        }

        protection.Split(0, Pages);
        protection.Exit();
    }

    /// <summary>Stops the log and forgets what it has. Pages stay protected until they are written.</summary>
    public void Stop() => IsOn = false;

    /// <summary>Marks a page that was made writable just now, or is written otherwise.</summary>
    /// <param name="page">From 0 to <see cref="Pages"/> - 1.</param>
    public void Mark(ulong page) => _live.Mark(page);

    public void Dispose()
    {
        _live.Dispose();
        _words.Dispose();
    }

    // Before the words are read. Plain stores: a concurrent mark can only set bits, which end up set either way.
    private void Fill()
    {
        if (!_isFull)
            return;
        _isFull = false;
        Span<ulong> words = _liveWords.AsSpan();
        words[..^1].Fill(ulong.MaxValue);
        words[^1] = ulong.MaxValue >> (int)((0 - Pages) & 63);
    }

    private bool Has(Stage2Defects defect) => (_options.Defects & defect) != Stage2Defects.None;
}
