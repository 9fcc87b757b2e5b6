using RingKit.Interleaving;
using RingKit.Mmu.PageTables;
using RingKit.Properties.Stage2.Model;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Stage2.Faults.Interleaving;

/// <summary>The host changes a page, and faults map it: in the end what is mapped is the page that is there.</summary>
internal sealed class SequenceProgram : IDisposable
{
    private readonly ulong[] _words = GC.AllocateArray<ulong>(2, pinned: true);
    private InvalidationSequence<O> _sequence = null!;
    private MmuLock<O> _lock = null!;

    private ref ulong Page => ref _words[0];

    private ref ulong Mapped => ref _words[1];

    /// <summary>A program of threads.</summary>
    /// <param name="threads">What each does: F faults, C the host changes the page.</param>
    public static ModelProgram<SequenceProgram> Of(params string[] threads)
    {
        var program = new SequenceProgram();
        return new ModelProgram<SequenceProgram>(
            "invalidation sequence: " + string.Join(" | ", threads),
            program.Begin,
            [.. threads.Select(turns => (Action<SequenceProgram>)(p => p.Run(turns)))])
        { Finally = p => p.Check() };
    }

    public void Dispose()
    {
        _sequence.Dispose();
        _lock.Dispose();
    }

    private SequenceProgram Begin()
    {
        (_sequence, _lock) = (new InvalidationSequence<O>(), new MmuLock<O>());
        (Page, Mapped) = (1, 0);
        Explorer.Name(ref Page, "page");
        Explorer.Name(ref Mapped, "mapped");
        return this;
    }

    private void Run(string turns)
    {
        var thread = default(PausingThread);
        foreach (char turn in turns)
        {
            if (turn == 'F')
                Fault(ref thread);
            else
                Change(ref thread);
        }
    }

    private void Fault(ref PausingThread thread)
    {
        ulong snapshot = _sequence.Snapshot;
        ulong page = O.LoadRelaxed(ref Page);
        _lock.EnterShared(ref thread);
        if (!_sequence.HasChanged(snapshot))
            O.StoreRelaxed(ref Mapped, page);
        _lock.ExitShared();
    }

    private void Change(ref PausingThread thread)
    {
        _lock.Enter(ref thread);
        _sequence.Start(0, 1);
        O.StoreRelaxed(ref Mapped, 0);
        _lock.Exit();
        O.StoreRelaxed(ref Page, O.LoadRelaxed(ref Page) + 1);
        _sequence.End();
    }

    private void Check() => Assert.True(Mapped == 0 || Mapped == Page, $"page {Mapped} is mapped, and {Page} is there");
}
