using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using RingKit.Cli.Commands;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Cli.Migrate.Links;

/// <summary>A link whose destination receives on a thread of its own, while the source sends.</summary>
internal sealed class ThreadLink : Link
{
    private readonly Thread _thread;
    private Exception? _failure;

    /// <summary>Starts to receive.</summary>
    /// <param name="source">The source's end.</param>
    /// <param name="destination">Where the pages go.</param>
    /// <param name="pages">The destination's end: where they come from.</param>
    /// <param name="acknowledgements">The destination's end: where its answers go.</param>
    public ThreadLink(MigrationConnection source, GuestMemory destination, Stream pages, Stream acknowledgements)
    {
        Source = source;
        _thread = new Thread(() => Receive(destination, pages, acknowledgements)) { IsBackground = true, Name = "migration destination" };
        _thread.Start();
    }

    public override MigrationConnection Source { get; }

    // That its stream has ended or failed has a reason elsewhere.
    public override Exception? Complaint => _failure is MigrationStreamException { InnerException: null } ? _failure : null;

    /// <summary>A TCP connection over loopback.</summary>
    public static ThreadLink OverTcp(GuestMemory destination)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port: 0);
        var source = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            listener.Start(backlog: 1);
            source.Connect(listener.LocalEndpoint);
            Socket sink = listener.AcceptSocket();
            sink.NoDelay = true;
            var stream = new NetworkStream(sink, ownsSocket: true);
            return new ThreadLink(MigrationConnection.Duplex(new NetworkStream(source, ownsSocket: true)), destination, stream, stream);
        }
        catch (SocketException e)
        {
            source.Dispose();
            throw new CommandException($"--via {Via.Tcp.Name}: no connection over loopback: {e.Message}", e);
        }
    }

    /// <summary>A pipe for the pages, and one for the answers.</summary>
    public static ThreadLink OverPipes(GuestMemory destination)
    {
        var pages = new AnonymousPipeServerStream(PipeDirection.Out);
        var answers = new AnonymousPipeServerStream(PipeDirection.In);
        return new ThreadLink(
            new MigrationConnection(pages, answers),
            destination,
            new AnonymousPipeClientStream(PipeDirection.In, pages.ClientSafePipeHandle),
            new AnonymousPipeClientStream(PipeDirection.Out, answers.ClientSafePipeHandle));
    }

    public override void Finish(CancellationToken cancellation)
    {
        _thread.Join();
        if (_failure is not null)
            ExceptionDispatchInfo.Throw(_failure);
    }

    public override void Dispose()
    {
        // The destination's read meets the end.
        Source.Dispose();
        _thread.Join();
    }

    private void Receive(GuestMemory destination, Stream pages, Stream acknowledgements)
    {
        try
        {
            new MigrationReceiver(destination).Receive(pages, acknowledgements);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _failure = e;
        }
        finally
        {
            // A source that still waits for an answer hears that there will be none.
            pages.Dispose();
            acknowledgements.Dispose();
        }
    }
}
