using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Memslots;

/// <summary>A slot of 1000 pages: what is asked of its page table, in which order, and KVM's answers.</summary>
public sealed class MemslotLogTests : IDisposable
{
    private const ManualProtect InitiallySet = ManualProtect.Enabled | ManualProtect.InitiallySet;

    private readonly FlatTable _table = new(1000);
    private MemslotLog<HardwareOrdering> _log = new(1000, new MemslotLogOptions());

    public static TheoryData<ulong, uint, Errno> Ranges => ClearRanges.Answers;

    public void Dispose() => _log.Dispose();

    [Fact]
    public void Protection_and_flush_come_before_the_splits_of_a_start()
    {
        Start();
        Assert.Equal("protect all, flush, split 0 1000", _table.TakeCalls());
        _log.Stop();
        Start();
        Assert.Equal("protect all, flush, split 0 1000", _table.TakeCalls());
    }

    [Fact]
    public void An_automatic_fetch_takes_protects_flushes_once_and_copies()
    {
        Start();
        _table.TakeCalls();
        Store(3, 63, 64, 999);
        Assert.Equal([3ul, 63, 64, 999], Get());
        Assert.Equal("sync, protect 0 8000000000000008, protect 64 1, protect 960 8000000000, flush", _table.TakeCalls());
        Assert.Equal(0ul, _log.Count());
        Assert.Empty(Get());
        Assert.Equal("sync", _table.TakeCalls());
    }

    [Fact]
    public void Exactly_the_bytes_of_the_bitmap_are_written()
    {
        Start();
        Store(999);
        byte[] bytes = [.. Enumerable.Repeat((byte)0xEE, 136)];
        FlatProtection protection = _table.Protection;
        Assert.Equal(128ul, _log.ByteLength);
        Assert.Equal(Errno.None, _log.Get(ref protection, bytes));
        Assert.Equal([999ul], KvmBytes.Pages(bytes.AsSpan(0, 128)));
        Assert.All(bytes[128..], value => Assert.Equal(0xEE, value));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_fetch_into_too_few_bytes_loses_the_pages_in_kvm_and_keeps_them_here(bool keeps)
    {
        Remake(new MemslotLogOptions { KeepsLogOnBadAddress = keeps });
        Start();
        Store(5);
        FlatProtection protection = _table.Protection;
        Assert.Equal(Errno.BadAddress, _log.Get(ref protection, new byte[127]));
        Assert.Equal(keeps ? [5ul] : [], Get());

        // A manual fetch has nothing to lose.
        _log.ManualProtect = ManualProtect.Enabled;
        Store(5, 6);
        Assert.Equal(Errno.BadAddress, _log.Get(ref protection, new byte[127]));
        Assert.Contains(6ul, Get());
    }

    [Fact]
    public void A_manual_fetch_only_copies_and_every_clear_takes_what_was_set()
    {
        Remake(new MemslotLogOptions { ManualProtect = ManualProtect.Enabled });
        Start();
        _table.TakeCalls();
        Store(64, 70, 130);
        Assert.Equal([64ul, 70, 130], Get());
        Assert.Equal([64ul, 70, 130], Get());
        Assert.Equal("sync, sync", _table.TakeCalls());

        // Page 65 was not dirty, and 130 is left.
        Assert.Equal(Errno.None, Clear(64, 128, 64, 65, 70));
        Assert.Equal("sync, protect 64 41, flush", _table.TakeCalls());
        Assert.Equal([130ul], Get());
        Assert.Equal(Errno.None, Clear(64, 128, 64, 65, 70));
        Assert.Equal("sync, sync", _table.TakeCalls());
    }

    [Fact]
    public void Who_switches_manual_protection_off_gets_automatic_fetches_again()
    {
        Remake(new MemslotLogOptions { ManualProtect = ManualProtect.Enabled });
        Start();
        Store(7);
        Get();
        _log.ManualProtect = ManualProtect.None;
        Assert.Equal([7ul], Get());
        Assert.Empty(Get());
    }

    [Fact]
    public void A_log_that_is_initially_set_starts_without_protection_and_clears_protect_and_split()
    {
        Remake(new MemslotLogOptions { ManualProtect = InitiallySet });
        Store(1, 2);
        Start();
        Assert.Equal("", _table.TakeCalls());
        Assert.Equal(1000ul, _log.Count());
        Assert.Equal([.. Enumerable.Range(0, 1000).Select(page => (ulong)page)], Get());
        byte[] all = [.. Enumerable.Repeat((byte)0xFF, 128)];
        FlatProtection protection = _table.Protection;
        Assert.Equal(Errno.None, _log.Get(ref protection, all));
        Assert.Equal(0xFFul, all[124]);
        Assert.Equal(0ul, all[125]);
        _table.TakeCalls();

        // Bits beyond the slot are ignored.
        all.AsSpan().Fill(0xFF);
        Assert.Equal(Errno.None, Clear(960, 40, all[..8]));
        Assert.Equal("sync, protect 960 ffffffffff, split 960 40, flush", _table.TakeCalls());
        Assert.Equal(Errno.None, Clear(0, 64, 1, 3));
        Assert.Equal("sync, protect 0 a, split 1 3, flush", _table.TakeCalls());

        // Page 1 is tracked from here, page 2 is dirty still.
        Store(1, 2);
        Assert.Equal(960ul - 2 + 1, _log.Count());
        _table.AssertNoneIsLost(_log);

        _log.Stop();
        Start();
        Assert.Equal(1000ul, _log.Count());
    }

    [Theory]
    [MemberData(nameof(Ranges))]
    public void Ranges_of_a_clear_are_answered_as_kvm_does(ulong first, uint count, Errno answer)
    {
        Start();
        Store(0, 999);
        Assert.Equal(answer, Clear(first, count, new byte[128]));
        Assert.Equal(2ul, _log.Count());
    }

    [Fact]
    public void Errors_of_a_clear_come_in_kvms_order_and_change_nothing()
    {
        Assert.Equal(Errno.Invalid, Clear(1, 64));
        Assert.Equal(Errno.NoEntry, Clear(0, 63));
        FlatProtection protection = _table.Protection;
        Assert.Equal(Errno.NoEntry, _log.Get(ref protection, new byte[128]));
        Start();
        Store(0, 999);
        _table.TakeCalls();
        Assert.Equal(Errno.Invalid, Clear(0, 63, Array.Empty<byte>()));
        Assert.Equal(Errno.BadAddress, Clear(0, 1000, new byte[127]));
        Assert.Equal(Errno.None, Clear(0, 0, Array.Empty<byte>()));
        Assert.Equal("sync, sync", _table.TakeCalls());
        Assert.Equal(2ul, _log.Count());
    }

    [Fact]
    public void A_mark_between_the_take_and_the_protection_stays_for_the_next_fetch()
    {
        Start();
        Store(5);

        // Another vCPU's fault: the page is writable already, and is marked once more.
        FlatProtection interposed = _table.Protection with { BeforeProtect = () => _log.Mark(5) };
        Assert.Equal(Errno.None, _log.Get(ref interposed, new byte[128]));
        Assert.False(_table.IsWritable[5]);
        Assert.Equal([5ul], Get());
    }

    [Theory]
    [InlineData(Stage2Defects.None)]
    [InlineData(Stage2Defects.ProtectsBeforeTaking)]
    public void A_fetch_that_protects_before_it_takes_loses_the_store_between(object defect)
    {
        Remake(new MemslotLogOptions { Defects = (Stage2Defects)defect });
        Start();
        Store(5);
        Array.Clear(_table.IsRemembered);

        // The vCPU comes as soon as the page is protected, and faults.
        FlatProtection interposed = _table.Protection with { AfterProtect = () => Store(5) };
        byte[] bytes = new byte[128];
        Assert.Equal(Errno.None, _log.Get(ref interposed, bytes));
        Assert.Equal([5ul], KvmBytes.Pages(bytes));
        Store(5);
        Assert.Equal(defect is Stage2Defects.None ? [5ul] : [], Get());
    }

    [Fact]
    public void Marks_that_come_late_for_a_stopped_log_are_not_in_the_next_one()
    {
        Start();
        Store(5);
        _log.Stop();
        _log.Mark(6);
        Start();
        Assert.Empty(Get());
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        Assert.Throws<ArgumentNullException>(() => new MemslotLog<HardwareOrdering>(1, null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MemslotLog<HardwareOrdering>(0, new MemslotLogOptions()));
        Assert.Throws<ArgumentOutOfRangeException>(() => _log.Mark(1000));
        foreach (ManualProtect bits in (ManualProtect[])[ManualProtect.InitiallySet, (ManualProtect)4, (ManualProtect)5, (ManualProtect)(-1)])
            Assert.Throws<ArgumentOutOfRangeException>(() => new MemslotLog<HardwareOrdering>(1, new MemslotLogOptions { ManualProtect = bits }));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new MemslotLog<HardwareOrdering>(1, new MemslotLogOptions { Protection = (MaskedProtection)2 }));
    }

    private void Remake(MemslotLogOptions options)
    {
        _log.Dispose();
        _log = new MemslotLog<HardwareOrdering>(1000, options);
    }

    private void Start()
    {
        FlatProtection protection = _table.Protection;
        _log.Start(ref protection);
    }

    private void Store(params ulong[] pages)
    {
        foreach (ulong page in pages)
            _table.Store(_log, page);
    }

    private List<ulong> Get()
    {
        byte[] bytes = new byte[_log.ByteLength];
        FlatProtection protection = _table.Protection;
        Assert.Equal(Errno.None, _log.Get(ref protection, bytes));
        return KvmBytes.Pages(bytes);
    }

    private Errno Clear(ulong first, uint count, params ulong[] pages) => Clear(first, count, KvmBytes.Of(first, count, pages));

    private Errno Clear(ulong first, uint count, byte[] bitmap)
    {
        FlatProtection protection = _table.Protection;
        return _log.Clear(ref protection, first, count, bitmap);
    }
}
