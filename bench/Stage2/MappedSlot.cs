using RingKit.Mmu;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Ordering;

namespace RingKit.Bench.Stage2;

/// <summary>A stage-2 table with a slot from IPA 1 GiB on, mapped in blocks of 2 MiB, in pages, or not at all.</summary>
internal sealed class MappedSlot : IDisposable
{
    public const ulong Base = 1UL << 30;
    public const ulong PageSize = 1UL << 12;
    public const ulong BlockSize = 1UL << 21;

    private readonly ulong _size;
    private TableThread _thread;

    public MappedSlot(int ipaBits, ulong size)
    {
        _size = size;
        int tables = (int)(size / BlockSize) + (int)(size >> 30) + 16;
        Table = new Stage2Core<HardwareOrdering>(new Stage2Geometry(ipaBits), tables);
        Cache = new TableCache<HardwareOrdering>(Table.Pool, tables);
        TopUp();
    }

    public static Stage2Attributes ReadWrite { get; } = Encode(Stage2Protection.Read | Stage2Protection.Write);

    public Stage2Core<HardwareOrdering> Table { get; }

    public TableCache<HardwareOrdering> Cache { get; }

    public void TopUp() => Cache.TopUp(Cache.Capacity);

    public void MapBlocks()
    {
        for (ulong at = 0; at < _size; at += BlockSize)
            Expect(Table.Map(ref _thread, Base + at, 2, at, ReadWrite, Cache));
    }

    public void MapPages()
    {
        for (ulong at = 0; at < _size; at += PageSize)
            Expect(Table.Map(ref _thread, Base + at, 3, at, ReadWrite, Cache));
    }

    public void Split()
    {
        for (ulong at = 0; at < _size; at += BlockSize)
            Expect(Table.Split(ref _thread, Base + at, Cache));
    }

    public void Collapse()
    {
        for (ulong at = 0; at < _size; at += BlockSize)
            Expect(Table.Collapse(ref _thread, Base + at, 2));
    }

    public void Unmap() => Expect(Table.Unmap(ref _thread, Base, _size));

    public ulong Protect()
    {
        Expect(Table.WriteProtect(ref _thread, Base, _size, out ulong changed));
        return changed;
    }

    public ulong Age()
    {
        Expect(Table.ClearYoung(ref _thread, Base, _size, out ulong young));
        return young;
    }

    public void Relax()
    {
        for (ulong at = 0; at < _size; at += PageSize)
            Expect(Table.Relax(ref _thread, Base + at, Stage2Protection.Write));
    }

    /// <summary>Sets bits in all leaves, in no time that is measured.</summary>
    /// <param name="level">2 or 3, the leaves'.</param>
    /// <param name="bits">The bits.</param>
    public void Set(int level, ulong bits)
    {
        ulong step = 512 * Stage2Geometry.SizeAt(level);
        for (ulong ipa = Base; ipa < Base + _size; ipa += step)
        {
            ulong table = 0;
            for (int at = Table.Geometry.StartLevel; at < level; at++)
                table = new Stage2Descriptor(Table.Pool.EntryAt(table, Table.Geometry.IndexAt(ipa, at))).TableAddress;
            for (ulong i = 0; i < Math.Min(512, (Base + _size - ipa) / Stage2Geometry.SizeAt(level)); i++)
                Table.Pool.EntryAt(table, i) |= bits;
        }
    }

    public void Dispose()
    {
        Cache.Dispose();
        Table.Dispose();
    }

    private static Stage2Attributes Encode(Stage2Protection protection)
    {
        Expect(Stage2Attributes.TryEncode(protection, forceWriteBack: false, out Stage2Attributes attributes));
        return attributes;
    }

    private static void Expect(Errno error)
    {
        if (error != Errno.None)
            throw new InvalidOperationException($"The table refuses: {error}.");
    }
}
