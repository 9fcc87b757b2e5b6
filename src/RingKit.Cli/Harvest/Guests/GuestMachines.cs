using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>The machines of one size: logs of the same page table have one, one after the other.</summary>
/// <param name="pages">How many pages their guests have.</param>
/// <param name="settings">How they are made.</param>
internal sealed class GuestMachines(ulong pages, HarvestSettings settings) : IDisposable
{
    // All pages have their bytes here, which stay in the cache: what differs between logs is not to drown in misses that no log can help.
    // But where a log watches the bytes.
    private const ulong Frames = 256;

    private readonly List<(LogChoice Log, VirtualMachine Machine)> _machines = [];

    /// <summary>How many pages their guests have.</summary>
    public ulong Pages => pages;

    /// <summary>A machine for a log.</summary>
    /// <param name="log">The log, which has not been made for it.</param>
    /// <param name="populate">Whether its page table shall hold all pages, as it does when a guest has run for a while.</param>
    public VirtualMachine For(LogChoice log, bool populate)
    {
        foreach ((LogChoice other, VirtualMachine made) in _machines)
        {
            if (other.MakeMachine == log.MakeMachine && other.NeedsOwnBytes == log.NeedsOwnBytes)
                return made;
        }

        using var memory = new GuestMemory();
        if (log.NeedsOwnBytes)
            memory.AddSlot(id: 0, baseGfn: 0, pages);
        else
            memory.AddFoldedSlot(id: 0, baseGfn: 0, pages, Frames);
        VirtualMachine machine = log.MakeMachine(memory, settings);
        _machines.Add((log, machine));
        if (populate)
        {
            var touch = new TouchProgram(pages);
            machine.Vcpus[0].Run(ref touch);
        }

        return machine;
    }

    public void Dispose()
    {
        foreach ((_, VirtualMachine machine) in _machines)
            machine.Dispose();
        _machines.Clear();
    }
}
