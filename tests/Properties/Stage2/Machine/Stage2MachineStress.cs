using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Stage2.Machine;

/// <summary>
/// vCPUs that store counters while the host takes pages away, splits, joins and moves them, the log is stopped and started anew and a harvester copies what is
/// dirty: at the end the copy is the memory, every counter is as its vCPU left it, and the table's references are whole.
/// </summary>
[Collection(RunAlone.Name)]
public sealed class Stage2MachineStress
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(LongRun.IsOn ? 30 : 0.4);

    [Theory]
    [InlineData(LogsUnderStress.Bitmap, Stage2Generation.Current, true, 0, MaskedProtection.Span, true)]
    [InlineData(LogsUnderStress.Ring, Stage2Generation.Current, true, 1 << 21, MaskedProtection.Span, false)]
    [InlineData(LogsUnderStress.Bitmap, Stage2Generation.Current, true, 1 << 30, MaskedProtection.Exact, true)]
    [InlineData(LogsUnderStress.Ring, Stage2Generation.Current, false, 0, MaskedProtection.Exact, false)]
    [InlineData(LogsUnderStress.Bitmap, Stage2Generation.Posted2014, true, 0, MaskedProtection.Span, true)]
    [InlineData(LogsUnderStress.Ring, Stage2Generation.Posted2014, false, 0, MaskedProtection.Span, true)]
    [InlineData(LogsUnderStress.Manual, Stage2Generation.Current, true, 1 << 21, MaskedProtection.Span, true)]
    [InlineData(LogsUnderStress.Manual, Stage2Generation.Posted2014, true, 0, MaskedProtection.Exact, true)]
    [InlineData(LogsUnderStress.InitiallySet, Stage2Generation.Current, true, 1 << 21, MaskedProtection.Exact, true)]
    [InlineData(LogsUnderStress.InitiallySet, Stage2Generation.Current, true, 0, MaskedProtection.Span, false)]
    public void A_copy_kept_up_to_date_by_harvests_is_the_memory(
        string log, Stage2Generation generation, bool hasHugePages, int chunk, MaskedProtection protection, bool setsAccessFlag)
    {
        int seed = Environment.TickCount;
        var options = new Stage2Options
        {
            Generation = generation,
            HasHugePages = hasHugePages,
            EagerSplitChunk = (ulong)chunk,
            MaskedProtection = protection,
            HasHardwareAccessFlag = setsAccessFlag,
        };
        string name = $"{log}, {generation}{(hasHugePages ? ", huge pages" : "")}, chunk {chunk}, {protection}, seed {seed}";
        using var life = new Stage2Life(options, log, seed);
        try
        {
            life.Run(Duration);
        }
        catch
        {
            Report.Line($"{name} failed: {life}");
            throw;
        }

        Report.Line($"{name}: {life}");
    }
}
