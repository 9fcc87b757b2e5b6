using RingKit.Mmu.Migration;
using Spectre.Console;

namespace RingKit.Cli.Commands.Progress;

/// <summary>How far a migration is. Any thread.</summary>
internal sealed class MigrateProgress
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private string _log = "";
    private MigrationProgress? _now;
    private string _dirtyRate = "";

    public void Report(string log, MigrationProgress now)
    {
        lock (_lock)
        {
            (_log, _now) = (log, now);
            if (now.Completed is { } round)
                _dirtyRate = string.Create(CultureInfo.InvariantCulture, $", {round.DirtyRate / (1 << 20):N0} MiB/s dirtied");
        }
    }

    /// <summary>Waits for the migrations, and shows a bar a round if they take longer than a second.</summary>
    /// <param name="migrations">The migrations, running.</param>
    /// <param name="console">Where to, or null for no bar.</param>
    public async Task ShowAsync(Task migrations, IAnsiConsole? console)
    {
        if (console is null || await Task.WhenAny(migrations, Task.Delay(Patience)).ConfigureAwait(false) == migrations)
            return;

        await console.Progress().AutoClear(enabled: true).StartAsync(async context =>
        {
            ProgressTask bar = context.AddTask("Filling the guest's memory", maxValue: 1);
            while (!migrations.IsCompleted)
            {
                Draw(bar);
                await Task.WhenAny(migrations, Task.Delay(Redraw)).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
    }

    private void Draw(ProgressTask bar)
    {
        lock (_lock)
        {
            bar.IsIndeterminate = _now is null;
            if (_now is not { } now)
                return;
            bar.Description = Markup.Escape(string.Create(CultureInfo.InvariantCulture, $"{_log}: round {now.Round}, {now.BytesSent >> 20:N0} MiB sent{_dirtyRate}"));
            bar.Value = now.PagesSent + now.PagesLeft == 0 ? 1 : (double)now.PagesSent / (now.PagesSent + now.PagesLeft);
        }
    }
}
