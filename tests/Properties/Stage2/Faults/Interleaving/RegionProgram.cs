using RingKit.Interleaving;
using RingKit.Mmu.Stage2.Host;
using RingKit.Properties.Stage2.Model;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Stage2.Faults.Interleaving;

/// <summary>Threads that bring in, move and count pages of the host: no move is lost.</summary>
internal sealed class RegionProgram : IDisposable
{
    private readonly ulong[] _changes = GC.AllocateArray<ulong>(1, pinned: true);
    private readonly string[] _threads;
    private HostSpace<O> _space = null!;
    private HostRegion<O> _region = null!;

    private RegionProgram(string[] threads) => _threads = threads;

    /// <summary>A program of threads.</summary>
    /// <param name="threads">What each does: T touches, M moves, X counts while it keeps other changes away.</param>
    public static ModelProgram<RegionProgram> Of(params string[] threads)
    {
        var program = new RegionProgram(threads);
        return new ModelProgram<RegionProgram>(
            "host region: " + string.Join(" | ", threads),
            program.Begin,
            [.. threads.Select(turns => (Action<RegionProgram>)(p => p.Run(turns)))])
        { Finally = p => p.Check() };
    }

    public void Dispose() => _space.Dispose();

    private RegionProgram Begin()
    {
        var thread = default(PausingThread);
        _space = new HostSpace<O>();
        _region = _space.Add(new HostRegionSettings(Userspace, 2 * Page) { HasHugePages = false });
        _region.FaultIn(ref thread, Userspace, isWrite: false);
        _changes[0] = 0;
        return this;
    }

    private void Run(string turns)
    {
        var thread = default(PausingThread);
        foreach (char turn in turns)
        {
            switch (turn)
            {
                case 'T':
                    Assert.Equal(HostPageState.Found, _region.FaultIn(ref thread, Userspace + Page, isWrite: true).State);
                    break;
                case 'M':
                    _region.Migrate(ref thread, Userspace);
                    break;
                default:
                    _space.EnterChanges(ref thread);
                    O.WritePlain(ref _changes[0], O.ReadPlain(ref _changes[0]) + 1);
                    _space.ExitChanges();
                    break;
            }
        }
    }

    // The page came in at the second place.
    private void Check()
    {
        ulong place = (_region.Look(Userspace, isWrite: false).Address - _region.PhysicalAddress) / _region.Stride;
        Assert.Equal((1 + Count('M')) % HostRegion<O>.Places, place);
        Assert.Equal(Count('X'), _changes[0]);
    }

    private ulong Count(char turn) => (ulong)_threads.Sum(turns => turns.Count(one => one == turn));
}
