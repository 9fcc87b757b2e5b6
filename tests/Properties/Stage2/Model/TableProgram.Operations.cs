using RingKit.Mmu;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2;
using Xunit;
using static RingKit.Properties.Stage2.Stage2Machine;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Stage2.Model;

/// <summary>What the threads do, by the real code.</summary>
internal sealed partial class TableProgram
{
    // Blocks of output addresses, from 1 on, are frames.
    private static ulong OutputOf(int frame, ulong ipa) => ((ulong)(frame + 1) * Block) + (ipa % Block);

    private int FrameOf(Stage2Walk walk, int address)
    {
        ulong ipa = IpaOf(address), output = walk.OutputAddress(ipa);
        int frame = (int)(output / Block) - 1;
        Assert.InRange(frame, 0, _addresses.Length - 1);
        Assert.Equal(OutputOf(frame, ipa), output);
        Assert.Equal(IpaOf(_addresses[frame]) / Block, ipa / Block);
        return frame;
    }

    // What the host does before it lets a frame be mapped.
    private void Write(int frame) => O.WritePlain(ref _contents[frame], (ulong)frame + 1);

    private void Access(int self, TableOperation operation)
    {
        ref Translation known = ref _translations[self][operation.Address];
        bool stores = operation.Action == TableAction.Store;
        if ((known.Frame == 0 || (stores && !known.IsWritable)) && !TryWalk(operation.Address, ref known))
            return;
        int frame = known.Frame - 1;
        Assert.Equal((ulong)known.Frame, O.ReadPlain(ref _contents[frame]));
        int word = (self * _contents.Length) + frame;
        if (stores && known.IsWritable)
            O.StoreRelaxed(ref _memory[word], ++_stored[word]);
    }

    // The hardware sets AF by a compare-exchange of the whole entry.
    private bool TryWalk(int address, ref Translation known)
    {
        Stage2Walk walk = _table.Walk(IpaOf(address));
        if (!walk.IsMapped)
            return false;
        if (!walk.Descriptor.IsAccessed)
        {
            ref ulong entry = ref EntryOf(address, walk.Level);
            if (O.CompareExchangeRelaxed(ref entry, walk.Descriptor.Young.Raw, walk.Descriptor.Raw) != walk.Descriptor.Raw)
                return false;
        }

        known = new Translation(FrameOf(walk, address) + 1, walk.Descriptor.IsWritable);
        return true;
    }

    private ref ulong EntryOf(int address, int level)
    {
        ref ulong entry = ref _table.Pool.EntryAt(0, IpaOf(address) / Block);
        if (level == Stage2Geometry.LastLevel)
            entry = ref _table.Pool.EntryAt(new Stage2Descriptor(O.LoadRelaxed(ref entry)).TableAddress, IpaOf(address) % Block / Page);
        return ref entry;
    }

    private void Do(int self, TableOperation operation, int frame)
    {
        var thread = new TableModelThread(this, self);
        TableCache<O> cache = _caches[self];
        ulong ipa = IpaOf(operation.Address), block = ipa / Block * Block;
        switch (operation.Action)
        {
            case TableAction.Refill when cache.Count == cache.Capacity:
                cache.Dispose();
                break;
            case TableAction.Refill:
                cache.TopUp(1);
                break;
            case TableAction.Map:
                Map(ref thread, cache, ipa, 3, frame);
                break;
            case TableAction.MapBlock:
                Map(ref thread, cache, block, 2, frame);
                break;
            case TableAction.Relax or TableAction.SetYoung or TableAction.Split:
                cache.TopUp(1);
                _lock.EnterShared(ref thread);
                Errno error = operation.Action switch
                {
                    TableAction.Relax => _table.Relax(ref thread, ipa, Stage2Protection.Write),
                    TableAction.SetYoung => _table.SetYoung(ref thread, ipa),
                    _ => _table.Split(ref thread, ipa, cache),
                };
                _lock.ExitShared();
                Assert.Contains(error, (Errno[])[Errno.None, Errno.Again, Errno.NoMemory]);
                break;
            default:
                _lock.Enter(ref thread);
                DoAlone(ref thread, operation.Action, block);
                _lock.Exit();
                break;
        }
    }

    private void Map(ref TableModelThread thread, TableCache<O> cache, ulong ipa, int level, int frame)
    {
        Write(frame);
        cache.TopUp(1);
        _lock.EnterShared(ref thread);
        Errno error = _table.Map(ref thread, ipa, level, OutputOf(frame, ipa), ReadWrite, cache, mayFreeTables: false, out _);
        _lock.ExitShared();
        if (error == Errno.Busy)
        {
            _lock.Enter(ref thread);
            error = _table.Map(ref thread, ipa, level, OutputOf(frame, ipa), ReadWrite, cache);
            _lock.Exit();
        }

        Assert.Contains(error, (Errno[])[Errno.None, Errno.Again, Errno.NoMemory]);
    }

    private void DoAlone(ref TableModelThread thread, TableAction action, ulong block)
    {
        switch (action)
        {
            case TableAction.Collapse:
                Assert.Contains(_table.Collapse(ref thread, block, 2), (Errno[])[Errno.None, Errno.Invalid]);
                break;
            case TableAction.Unmap:
                Assert.Equal(Errno.None, _table.Unmap(ref thread, block, 2 * Page));
                break;
            case TableAction.Age:
                Assert.Equal(Errno.None, _table.ClearYoung(ref thread, 0, 2 * Page, out _));
                Assert.Equal(Errno.None, _table.ClearYoung(ref thread, Block, Page, out _));
                break;
            default:
                Assert.Equal(Errno.None, _table.WriteProtect(ref thread, 0, 2 * Page, out _));
                Assert.Equal(Errno.None, _table.WriteProtect(ref thread, Block, Page, out _));
                thread.InvalidateRange(0, 2 * Block);
                for (int word = 0; word < _memory.Length; word++)
                    _copied[word] = O.LoadRelaxed(ref _memory[word]);
                break;
        }
    }
}
