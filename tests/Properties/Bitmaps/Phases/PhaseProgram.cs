using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Cores;
using RingKit.Bitmaps.Phases;
using RingKit.Interleaving;
using RingKit.Memory;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Bitmaps.Phases;

/// <summary>Writers, one thread that takes and settles, and perhaps one that looks on and puts back, on the model of memory.</summary>
/// <remarks>
/// A page counts as transferred when it was confirmed, with what was copied before. When all have ended, what is held is put back and one
/// more harvest copies what is dirty: then the copy must equal the memory.
/// </remarks>
#pragma warning disable CA1001 // One bitmap for all executions of a program, so that those are fast: its finalizer frees it.
internal sealed class PhaseProgram
#pragma warning restore CA1001
{
    public const int Pages = 66;

    private readonly NativeBlock<ulong> _words = new(4);
    private readonly DirtyBitmapCore<O> _bitmap;
    private readonly DirtyTakeCore<O> _take;
    private readonly PhaseOperation[][] _threads;
    private readonly GuestPages _guest;
    private readonly ulong[] _sent;
    private readonly ulong[] _arrived;
    private ulong _cursor;

    private PhaseProgram(PhaseOperation[][] threads)
    {
        _threads = threads;
        _bitmap = new DirtyBitmapCore<O>(_words.View.Slice(0, 2), Pages);
        _take = new DirtyTakeCore<O>(_bitmap, _words.View.Slice(2, 2));
        _guest = new GuestPages(Pages, threads.Length, (thread, page) => threads[thread].Contains(PhaseOperation.Mark(page)));
        _sent = _guest.NewCopy();
        _arrived = _guest.NewCopy();
    }

    public static ModelProgram Of(params PhaseOperation[][] threads)
    {
        var program = new PhaseProgram(threads);
        return new ModelProgram<PhaseProgram>(
            string.Join(" | ", threads.Select(thread => string.Join(", ", thread))),
            program.Begin,
            [.. Enumerable.Range(0, threads.Length).Select(t => (Action<PhaseProgram>)(p => p.Run(t)))])
        { Finally = p => p.Check() };
    }

    private PhaseProgram Begin()
    {
        _words.View.AsSpan().Clear();
        _guest.Begin();
        Array.Clear(_sent);
        Array.Clear(_arrived);
        _cursor = 0;
        Explorer.Name(ref _words[0], "bits[0..63]");
        Explorer.Name(ref _words[1], "bits[64..65]");
        Explorer.Name(ref _words[2], "held[0..63]");
        Explorer.Name(ref _words[3], "held[64..65]");
        return this;
    }

    private void Run(int thread)
    {
        foreach (PhaseOperation operation in _threads[thread])
            Run(thread, operation);
    }

    private void Run(int thread, PhaseOperation operation)
    {
        switch (operation.Action)
        {
            case PhaseAction.Mark:
                _guest.Store(thread, operation.Page);
                _bitmap.Mark((ulong)operation.Page);
                break;
            case PhaseAction.Send:
                Send(most: Pages);
                break;
            case PhaseAction.SendOne:
                Send(most: 1);
                break;
            case PhaseAction.SendInVain:
                _take.Take(0, Pages);
                Read(Pages, (page, _) => _guest.Copy(page, _sent));
                _take.PutBack(0, Pages);
                break;
            case PhaseAction.Take:
                _take.Take(0, Pages);
                break;
            case PhaseAction.PutBack:
                _take.PutBack(0, Pages);
                break;
            case PhaseAction.Read:
                Read(Pages, (page, _) => _guest.SeeAStore(page));
                break;
            case PhaseAction.Clear:
                ulong bit = 1UL << operation.Page;
                ulong were = _bitmap.ClearMask<AlwaysOr>((ulong)operation.Page / 64 * 64, bit);
                Assert.True(were == 0 || were == bit);
                if (were != 0)
                    _guest.Copy(operation.Page, _arrived);
                break;
            default:
                var sink = new Sink((page, _) => _guest.Copy(page, _arrived));
                Assert.InRange(_bitmap.Masks<AlwaysOr, Sink>(ref sink, ref _cursor, Pages, 1, takes: true), 0ul, 1ul);
                if (_cursor == Pages)
                    _cursor = 0;
                break;
        }
    }

    private void Send(ulong most)
    {
        _take.Take(0, Pages);
        HashSet<int> copied = [];
        Read(most, (page, _) =>
        {
            _guest.Copy(page, _sent);
            copied.Add(page);
        });
        Read(most, (page, mask) =>
        {
            // What another thread has put back meanwhile is not confirmed, and comes again; then another page may be the first one here.
            if (copied.Contains(page) && _take.Held.ClearMask<AlwaysOr>((ulong)page / 64 * 64, mask) != 0)
                _guest.Move(page, _sent, _arrived);
        });
    }

    private void Read(ulong most, Action<int, ulong> page)
    {
        ulong cursor = 0;
        var sink = new Sink(page);
        _take.Held.Masks<AlwaysOr, Sink>(ref sink, ref cursor, Pages, most, takes: false);
    }

    private void Check()
    {
        _take.PutBack(0, Pages);
        ulong cursor = 0;
        var sink = new Sink((page, _) => _guest.Copy(page, _arrived));
        _bitmap.Masks<AlwaysOr, Sink>(ref sink, ref cursor, Pages, Pages, takes: true);
        Assert.Equal((0ul, 0ul, 0ul), (_bitmap.StrayBits, _bitmap.Count(), _take.Held.Count()));
        _guest.CheckAll(_arrived, since: _guest.NewCopy());
    }

    private readonly struct Sink(Action<int, ulong> page) : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                page((int)firstPage + BitOperations.TrailingZeroCount(mask), mask & (0 - mask));
        }
    }
}
