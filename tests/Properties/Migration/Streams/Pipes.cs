using System.IO.Pipes;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Properties.Migration.Streams;

/// <summary>A pipe for pages, and one for answers.</summary>
internal sealed class Pipes : IDisposable
{
    private readonly AnonymousPipeServerStream _pages = new(PipeDirection.Out);
    private readonly AnonymousPipeServerStream _answers = new(PipeDirection.In);

    public Pipes()
    {
        Arriving = new AnonymousPipeClientStream(PipeDirection.In, _pages.ClientSafePipeHandle);
        Answers = new AnonymousPipeClientStream(PipeDirection.Out, _answers.ClientSafePipeHandle);
    }

    /// <summary>The destination's end of the pages.</summary>
    public Stream Arriving { get; }

    /// <summary>The destination's end of the answers.</summary>
    public Stream Answers { get; }

    /// <summary>The source's ends, of which it disposes.</summary>
    public MigrationConnection Connect() => new(_pages, _answers);

    public void Dispose()
    {
        _pages.Dispose();
        _answers.Dispose();
        Arriving.Dispose();
        Answers.Dispose();
    }
}
