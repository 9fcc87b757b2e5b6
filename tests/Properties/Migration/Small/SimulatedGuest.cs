using System.Buffers;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;

namespace RingKit.Properties.Migration.Small;

/// <summary>A guest whose vCPUs take their turns on the calling thread, whenever they are given one: all of its stores are known.</summary>
internal sealed class SimulatedGuest : IGuestRunner, IDisposable
{
    private readonly VirtualMachine _machine;
    private readonly ulong _seed;
    private readonly RandomStores[] _programs;
    private bool _isPaused;
    private bool _isRunning;

    /// <summary>Makes the guest.</summary>
    /// <param name="machine">Its machine.</param>
    /// <param name="seed">Of its stores.</param>
    /// <param name="hotPages">How many pages it stores to, from the first slot's start; 0 for all.</param>
    public SimulatedGuest(VirtualMachine machine, ulong seed, int hotPages = 0)
    {
        _machine = machine;
        _seed = seed;
        Model = [.. machine.Memory.Slots.Select(slot => Zeros((int)slot.PageCount << GuestPage.Shift))];
        _programs = [.. machine.Vcpus.Select(vcpu => new RandomStores(machine.Memory, Model, seed + (uint)vcpu.Id, hotPages))];
    }

    /// <summary>What each slot must contain. The arrays are pooled, and may be longer.</summary>
    public byte[][] Model { get; }

    public IFullRingServer? FullRings { get; set; }

    public TimeSpan StallTime => TimeSpan.Zero;

    public bool IsPaused => _isPaused;

    /// <summary>Stores in a last moment before each pause.</summary>
    public int StoresBeforePause { get; init; }

    public int Pauses { get; private set; }

    public void Pause()
    {
        Store(StoresBeforePause);
        _isPaused = true;
        Pauses++;
    }

    public void Resume() => _isPaused = false;

    /// <summary>Lets each vCPU store so many times, unless the guest is paused, or in the middle of that.</summary>
    public void Store(int count)
    {
        if (_isPaused || _isRunning)
            return;
        _isRunning = true;
        foreach (Vcpu vcpu in _machine.Vcpus)
            Store(vcpu, count);
        _isRunning = false;
    }

    /// <summary>Whether the memory is what the stores have made of it.</summary>
    public bool IsIntact(GuestMemory memory)
    {
        foreach (MemorySlot slot in memory.Slots)
        {
            if (!slot.Memory.AsSpan().SequenceEqual(Model[slot.Id].AsSpan(0, (int)slot.PageCount << GuestPage.Shift)))
                return false;
        }

        return true;
    }

    public void Dispose()
    {
        foreach (byte[] slot in Model)
            ArrayPool<byte>.Shared.Return(slot);
        Array.Clear(Model);
    }

    private static byte[] Zeros(int length)
    {
        byte[] zeros = ArrayPool<byte>.Shared.Rent(length);
        zeros.AsSpan(0, length).Clear();
        return zeros;
    }

    private void Store(Vcpu vcpu, int count)
    {
        ref RandomStores program = ref _programs[vcpu.Id];
        program.Budget = count;
        while (true)
        {
            switch (vcpu.Run(ref program))
            {
                case VcpuExit.Halted:
                    return;
                case VcpuExit.DirtyRingFull when FullRings is { } server:
                    server.ServeFullRing(vcpu);
                    if (_machine.DirtyLog!.NeedsHarvest(vcpu))
                        return;
                    break;
                case var exit:
                    throw new InvalidOperationException($"Seed {_seed}: vCPU {vcpu.Id} left the guest: {exit}.");
            }
        }
    }
}
