using Spectre.Console;

namespace RingKit.Cli.Commands.Progress;

/// <summary>How far a replay is. Any thread.</summary>
internal sealed class ReplayProgress
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private double? _fraction;
    private string? _now;

    /// <summary>Says how far it is.</summary>
    /// <param name="fraction">The part that is done, or null where nobody knows.</param>
    /// <param name="now">What the bar says from now on, or null for what it said.</param>
    public void Report(double? fraction, string? now = null)
    {
        lock (_lock)
            (_fraction, _now) = (fraction, now ?? _now);
    }

    /// <summary>Waits for a replay, and shows a bar if it takes longer than a second.</summary>
    /// <param name="replay">The replay, running.</param>
    /// <param name="console">Where to, or null for no bar.</param>
    /// <param name="what">What is being replayed.</param>
    public async Task ShowAsync(Task replay, IAnsiConsole? console, string what)
    {
        if (console is null || await Task.WhenAny(replay, Task.Delay(Patience)).ConfigureAwait(false) == replay)
            return;

        await console.Progress().AutoClear(enabled: true).StartAsync(async context =>
        {
            ProgressTask bar = context.AddTask(Markup.Escape(what), maxValue: 1);
            while (!replay.IsCompleted)
            {
                (double? fraction, string? now) = Latest;
                if (now is not null)
                    bar.Description = Markup.Escape(now);
                bar.IsIndeterminate = fraction is null;
                bar.Value = fraction ?? 0;
                await Task.WhenAny(replay, Task.Delay(Redraw)).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
    }

    private (double? Fraction, string? Now) Latest
    {
        get
        {
            lock (_lock)
                return (_fraction, _now);
        }
    }
}
