using System.Net;
using System.Net.Sockets;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Properties.Migration.Streams;

/// <summary>
/// A destination behind a TCP port of this machine, on a thread of its own: takes one connection after the other until the guest is complete.
/// </summary>
internal sealed class Destination : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly MigrationReceiver _receiver;
    private readonly Thread _thread;
    private readonly CancellationTokenSource _end = new();

    public Destination(GuestMemory memory)
    {
        _receiver = new MigrationReceiver(memory);
        _listener.Start();
        _thread = new Thread(Listen) { IsBackground = true, Name = "destination" };
        _thread.Start();
    }

    /// <summary>What was not as it should be, one message for each connection.</summary>
    public List<string> Refusals { get; } = [];

    /// <summary>Connects a source.</summary>
    /// <param name="breaksAfter">After so many bytes of the source's the connection breaks.</param>
    public MigrationConnection Connect(long breaksAfter = long.MaxValue)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(_listener.LocalEndpoint);
        var stream = new NetworkStream(socket, ownsSocket: true);
        return new MigrationConnection(new BreakingStream(stream, breaksAfter), stream);
    }

    /// <summary>Waits until the guest has arrived.</summary>
    public bool IsComplete()
    {
        Assert(_thread.Join(TimeSpan.FromSeconds(60)), "The destination does not end.");
        return _receiver.IsComplete;
    }

    public void Dispose()
    {
        _end.Cancel();
        _listener.Stop();
        Assert(_thread.Join(TimeSpan.FromSeconds(60)), "The destination does not end.");
        _listener.Dispose();
        _end.Dispose();
    }

    private static void Assert(bool holds, string otherwise)
    {
        if (!holds)
            throw new TimeoutException(otherwise);
    }

    private void Listen()
    {
        while (!_receiver.IsComplete)
        {
            try
            {
                using Socket socket = _listener.AcceptSocket();
                using var stream = new NetworkStream(socket);
                _receiver.Receive(stream, stream, _end.Token);
            }
            catch (MigrationStreamException refusal)
            {
                Refusals.Add(refusal.Message);
            }
            catch (Exception end) when (end is SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private sealed class BreakingStream(Stream inner, long breaksAfter) : SimpleStream
    {
        private long _written;

        public override bool CanWrite => true;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int fit = (int)Math.Min(buffer.Length, breaksAfter - _written);
            await inner.WriteAsync(buffer[..fit], cancellationToken);
            _written += fit;
            if (fit != buffer.Length)
                throw new IOException("The connection broke.");
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
