using RingKit.Interleaving;
using RingKit.Mmu.PageTables;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Stage2.Model;

/// <summary>Threads that read a word while they share the lock, and write it while they have it alone.</summary>
internal sealed class LockProgram : IDisposable
{
    private readonly ulong[] _word = GC.AllocateArray<ulong>(1, pinned: true);
    private readonly string[] _threads;
    private MmuLock<O> _lock = null!;

    private LockProgram(string[] threads) => _threads = threads;

    /// <summary>A program of threads.</summary>
    /// <param name="threads">Their turns: S for a share, A for alone.</param>
    public static ModelProgram<LockProgram> Of(params string[] threads)
    {
        var program = new LockProgram(threads);
        return new ModelProgram<LockProgram>(
            "MMU lock: " + string.Join(" | ", threads),
            program.Begin,
            [.. threads.Select(turns => (Action<LockProgram>)(p => p.Run(turns)))])
        { Finally = p => p.Check() };
    }

    public void Dispose() => _lock.Dispose();

    private LockProgram Begin()
    {
        _lock = new MmuLock<O>();
        _word[0] = 0;
        return this;
    }

    private void Run(string turns)
    {
        var thread = default(PausingThread);
        foreach (char turn in turns)
        {
            if (turn == 'S')
            {
                _lock.EnterShared(ref thread);
                O.ReadPlain(ref _word[0]);
                _lock.ExitShared();
            }
            else
            {
                _lock.Enter(ref thread);
                O.WritePlain(ref _word[0], O.ReadPlain(ref _word[0]) + 1);
                _lock.Exit();
            }
        }
    }

    private void Check() => Assert.Equal((ulong)_threads.Sum(turns => turns.Count(turn => turn == 'A')), _word[0]);
}
