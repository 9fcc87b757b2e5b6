using RingKit.Interleaving;
using RingKit.Mmu;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.Stage2.Model;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Stage2.Faults.Interleaving;

/// <summary>A fault of 2014 writes a frame and maps it, another processor walks and reads it.</summary>
internal sealed class PostedProgram : IDisposable
{
    private readonly ulong[] _frame = GC.AllocateArray<ulong>(1, pinned: true);
    private Stage2Core<O> _table = null!;
    private TableCache<O> _cache = null!;
    private PostedTable<O> _posted = null!;

    /// <summary>A program that maps a page, or a block.</summary>
    public static ModelProgram<PostedProgram> Of(bool isBlock)
    {
        var program = new PostedProgram();
        return new ModelProgram<PostedProgram>(
            "table of 2014: " + (isBlock ? "block" : "page") + " | walk", program.Begin, p => p.Map(isBlock), p => p.Walk());
    }

    public void Dispose()
    {
        _cache.Dispose();
        _table.Dispose();
    }

    private PostedProgram Begin()
    {
        _table = new Stage2Core<O>(new Stage2Geometry(Stage2Geometry.MinimumIpaBits), maxTables: 1);
        _cache = new TableCache<O>(_table.Pool, 1);
        _posted = new PostedTable<O>(_table, Stage2Defects.None);
        _cache.TopUp(1);
        _frame[0] = 0;
        return this;
    }

    private void Map(bool isBlock)
    {
        var thread = default(PausingThread);
        O.WritePlain(ref _frame[0], 1ul);
        Errno error = isBlock
            ? _posted.SetBlock(ref thread, 0, 0, Stage2Machine.ReadWrite, _cache, out _)
            : _posted.SetPage(ref thread, 0, 0, Stage2Machine.ReadWrite, _cache, Stage2PteFlags.None, out _);
        Assert.Equal(Errno.None, error);
    }

    private void Walk()
    {
        if (_table.Walk(0).IsMapped)
            Assert.Equal(1UL, O.ReadPlain(ref _frame[0]));
    }
}
