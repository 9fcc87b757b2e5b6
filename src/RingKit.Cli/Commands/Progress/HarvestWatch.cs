using System.Threading.Channels;
using RingKit.Cli.Harvest;
using RingKit.Cli.Reports.Harvest;

namespace RingKit.Cli.Commands.Progress;

/// <summary>Shows a comparison while it is measured: each table when it is complete, and a bar until the next one, where somebody watches.</summary>
/// <param name="text">Writes the tables; null for none.</param>
/// <param name="terminal">Where to.</param>
internal sealed class HarvestWatch(HarvestText? text, Terminal terminal) : IHarvestWatcher
{
    private readonly ReplayProgress _progress = new();
    private readonly Channel<Action> _writes = Channel.CreateUnbounded<Action>();

    void IHarvestWatcher.Begin(HarvestSettings settings) => Write(() => text?.WriteHead(settings));

    void IHarvestWatcher.Measured(double part) => _progress.Report(part);

    void IHarvestWatcher.End(IReadOnlyList<LogCell> cells) => Write(() => text?.WriteCells(cells));

    /// <summary>Shows it until it is over, whichever way.</summary>
    public async Task ShowAsync(Task running)
    {
        Task over = running.ContinueWith(_ => _writes.Writer.Complete(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        bool goesOn = true;
        while (goesOn)
        {
            Task<bool> next = _writes.Reader.WaitToReadAsync().AsTask();
            await _progress.ShowAsync(next, terminal.ProgressConsole, "Measuring").ConfigureAwait(false);
            goesOn = await next.ConfigureAwait(false);
            while (_writes.Reader.TryRead(out Action? write))
                write();
        }

        await over.ConfigureAwait(false);
    }

    // Between two bars, which would be torn by it; and the thread that measures waits, as it would measure this too. What goes wrong here, goes wrong there.
    private void Write(Action act)
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _writes.Writer.TryWrite(() =>
        {
            try
            {
                act();
                terminal.Output.Flush();
                written.SetResult();
            }
            catch (Exception e)
            {
                written.SetException(e);
            }
        });
        written.Task.GetAwaiter().GetResult();
    }
}
