using System.IO.Pipes;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Properties.MigrationEquality;

/// <summary>A destination on threads of its own behind pipes: a new pair for each connection, received one after the other.</summary>
internal sealed class PipedDestination(GuestMemory memory, Func<long> breaksAfter) : IDisposable
{
    private readonly MigrationReceiver _receiver = new(memory);
    private readonly List<Task> _connections = [];

    public bool IsComplete => _receiver.IsComplete;

    /// <summary>Connections so far.</summary>
    public int Connections => _connections.Count;

    public MigrationConnection Connect()
    {
        // What an earlier connection has sent is received, or refused, before the next one may say something newer.
        AwaitEnd();
        var pages = new AnonymousPipeServerStream(PipeDirection.Out);
        var answers = new AnonymousPipeServerStream(PipeDirection.In);
        var pagesIn = new AnonymousPipeClientStream(PipeDirection.In, pages.ClientSafePipeHandle);
        var answersOut = new AnonymousPipeClientStream(PipeDirection.Out, answers.ClientSafePipeHandle);
        _connections.Add(Task.Factory.StartNew(
            () => Receive(pagesIn, answersOut), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        return new MigrationConnection(new BreakingStream(pages, breaksAfter()), answers);
    }

    /// <summary>Waits until the destination has received all that was sent.</summary>
    public void AwaitEnd()
    {
        if (!Task.WaitAll([.. _connections], TimeSpan.FromSeconds(60)))
            throw new TimeoutException("The destination goes on receiving.");
    }

    public void Dispose() => AwaitEnd();

    private void Receive(Stream pages, Stream answers)
    {
        using (pages)
        using (answers)
        {
            try
            {
                _receiver.Receive(pages, answers);
            }
            catch (IOException)
            {
                // A stream that broke: the source knows, and connects again.
            }
        }
    }
}
