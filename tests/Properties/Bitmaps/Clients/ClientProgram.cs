using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Clients;
using RingKit.Bitmaps.Cores;
using RingKit.Interleaving;
using RingKit.Memory;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Bitmaps.Clients;

/// <summary>Writers and clients of one marking, on the model of memory.</summary>
/// <remarks>
/// What a thread has marked itself happened before its client's next harvest, which must copy it. When all have ended, each client harvests
/// once more, and has a copy of all that was stored since it joined.
/// </remarks>
#pragma warning disable CA1001 // One bitmap for all executions of a program, so that those are fast: its finalizer frees it.
internal sealed class ClientProgram
#pragma warning restore CA1001
{
    public const int Pages = 2;

    private readonly NativeBlock<ulong> _words = new(5);
    private readonly DirtyBitmapCore<O> _marks;
    private readonly DirtyBitmapCore<O>[] _inboxes;
    private readonly ClientOperation[][] _threads;
    private readonly GuestPages _guest;
    private readonly ulong[][] _copies;

    // What each client need not have, since it was stored before it joined; null if it is not there.
    private readonly ulong[]?[] _since;
    private DirtyClientsCore<O> _clients;

    private ClientProgram(ClientOperation[][] threads)
    {
        _threads = threads;
        _marks = new DirtyBitmapCore<O>(_words.View.Slice(0, 1), Pages);
        _inboxes = [.. threads.Select((_, i) => new DirtyBitmapCore<O>(_words.View.Slice((nuint)i + 1, 1), Pages))];
        _clients = new DirtyClientsCore<O>(_marks);
        _guest = new GuestPages(Pages, threads.Length, (thread, page) => threads[thread].Contains(ClientOperation.Mark(page)));
        _copies = [.. threads.Select(_ => _guest.NewCopy())];
        _since = new ulong[]?[threads.Length];
    }

    public static ModelProgram Of(params ClientOperation[][] threads)
    {
        var program = new ClientProgram(threads);
        return new ModelProgram<ClientProgram>(
            string.Join(" | ", threads.Select(thread => string.Join(", ", thread))),
            program.Begin,
            [.. Enumerable.Range(0, threads.Length).Select(t => (Action<ClientProgram>)(p => p.Run(t)))])
        { Finally = p => p.Check() };
    }

    private ClientProgram Begin()
    {
        _words.View.AsSpan().Clear();
        _guest.Begin();
        _clients = new DirtyClientsCore<O>(_marks);
        Explorer.Name(ref _words[0], "marks");
        Explorer.Name(ref _clients.Lock, "lock");
        for (int i = 0; i < _threads.Length; i++)
        {
            Explorer.Name(ref _words[(nuint)i + 1], $"T{i}'s marks");
            Array.Clear(_copies[i]);
            _since[i] = null;
            ClientOperation first = Array.Find(_threads[i], operation => operation.Action != ClientAction.Mark);
            if (first.Action is ClientAction.Harvest or ClientAction.Leave)
                Join(i);
        }

        return this;
    }

    private void Run(int thread)
    {
        foreach (ClientOperation operation in _threads[thread])
        {
            switch (operation.Action)
            {
                case ClientAction.Mark:
                    _guest.Store(thread, operation.Page);
                    _marks.Mark((ulong)operation.Page);
                    break;
                case ClientAction.Harvest:
                    Harvest(thread);
                    _guest.CheckOwnStores(thread, _copies[thread], _since[thread]!);
                    break;
                case ClientAction.Join:
                    Join(thread);
                    break;
                case ClientAction.JoinAllDirty:
                    _inboxes[thread].MarkRange(0, Pages);
                    Join(thread);
                    _since[thread] = _guest.NewCopy();
                    break;
                default:
                    _clients.Remove(_inboxes[thread]);
                    _since[thread] = null;
                    break;
            }
        }
    }

    private void Join(int thread)
    {
        _clients.Add($"T{thread}", _inboxes[thread]);
        _since[thread] = _guest.StoredSoFar();
    }

    private void Harvest(int client)
    {
        _clients.Distribute(0, Pages);
        var sink = new Sink(_guest, _copies[client]);
        _inboxes[client].HarvestMasks<AlwaysOr, Sink>(ref sink);
    }

    private void Check()
    {
        Assert.Equal(0ul, _clients.Lock);
        for (int i = 0; i < _threads.Length; i++)
        {
            if (_since[i] is not { } since)
                continue;
            Harvest(i);
            _guest.CheckAll(_copies[i], since);
        }
    }

    private readonly struct Sink(GuestPages guest, ulong[] copy) : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                guest.Copy((int)firstPage + BitOperations.TrailingZeroCount(mask), copy);
        }
    }
}
