using RingKit.Interleaving;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Shadow;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.HashTable.Model;

/// <summary>
/// Threads that map, unmap and fetch over Book3S PR's shadow entries, on the model of memory. Whatever they did, a page that is mapped writable at the end is in the next
/// fetch: a writable translation is marked, or was dropped.
/// </summary>
internal sealed class ShadowProgram(bool logs) : IDisposable
{
    private const int Frames = 2;
    private const ulong FirstPage = 0x10;

    private static readonly GuestMemory Memory = MakeMemory();

    private ShadowMmuCore<O> _mmu = null!;

    /// <summary>A program of threads that each do these things to the cache of vCPU 0.</summary>
    /// <param name="logs">Whether the slot is logged from the start.</param>
    /// <param name="threads">What they do.</param>
    public static ModelProgram<ShadowProgram> Of(bool logs, params ShadowAction[][] threads)
    {
        var program = new ShadowProgram(logs);
        return new ModelProgram<ShadowProgram>(
            (logs ? "" : "no log: ") + string.Join(" | ", threads.Select(thread => string.Join(", ", thread))),
            program.Begin,
            [.. threads.Select(actions => (Action<ShadowProgram>)(p => p.Run(actions)))])
        { Finally = p => p.Check() };
    }

    public void Dispose() => _mmu.Dispose();

    private static GuestMemory MakeMemory()
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, Frames);
        return memory;
    }

    private ShadowProgram Begin()
    {
        _mmu = new ShadowMmuCore<O>(Memory, vcpuCount: 1);
        _mmu.Slots[0].Logs = logs;
        return this;
    }

    private void Run(ShadowAction[] actions)
    {
        var thread = default(Thread);
        var sink = default(Sink);
        foreach (ShadowAction action in actions)
        {
            switch (action)
            {
                case ShadowAction.Map0 or ShadowAction.Map1:
                    ulong frame = action == ShadowAction.Map0 ? 0ul : 1;
                    _mmu.Map(ref thread, 0, FirstPage + frame, frame, mayWrite: true);
                    break;
                case ShadowAction.Unmap0:
                    _mmu.Unmap(ref thread, 0, FirstPage);
                    break;
                case ShadowAction.Start:
                    _mmu.StartLogging(ref thread, _mmu.Slots[0]);
                    break;
                default:
                    _mmu.Harvest(ref thread, _mmu.Slots[0], ref sink);
                    break;
            }
        }
    }

    // A translation that is there already is not marked by this.
    private void Check()
    {
        var thread = default(Thread);
        var sink = default(Sink);
        for (ulong frame = 0; frame < Frames; frame++)
            _mmu.Map(ref thread, 0, FirstPage + frame, frame, mayWrite: true);
        _mmu.Harvest(ref thread, _mmu.Slots[0], ref sink);
        Assert.Equal((1ul << Frames) - 1, sink.Seen);
    }

    private readonly struct Thread : IHostThread
    {
        public void Relax() => O.Pause();

        public void Tlbie(scoped ReadOnlySpan<ulong> indices)
        {
        }
    }

    private struct Sink : IHashSlotSink
    {
        public ulong Seen { get; private set; }

        public void Accept(MemorySlot slot, ulong word, ulong mask) => Seen |= mask;
    }
}
