using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;

namespace RingKit.Properties.MigrationEquality;

/// <summary>vCPUs on threads of their own, and beside them a device that writes and a host that changes what is behind the frames; they all pause.</summary>
internal sealed class GuestWithDevice : IGuestRunner, IDisposable
{
    private readonly VirtualMachine _machine;
    private readonly VcpuThreads<PatternStores> _vcpus;
    private readonly Action<VirtualMachine, ulong, int>? _change;
    private readonly Thread _thread;
    private readonly Random _random;

    // Held by the device while it is at work, and by who pauses it.
    private readonly Lock _work = new();
    private bool _isPaused;
    private bool _isStopping;
    private Exception? _failure;

    public GuestWithDevice(VirtualMachine machine, StorePattern pattern, Action<VirtualMachine, ulong, int>? change, int seed)
    {
        _machine = machine;
        _change = change;
        _random = new Random(seed);
        _vcpus = new VcpuThreads<PatternStores>(machine, vcpu => new PatternStores(machine.Memory, pattern, seed + vcpu));
        _thread = new Thread(RunDevice) { Name = "device", IsBackground = true };
    }

    public IFullRingServer? FullRings
    {
        get => _vcpus.FullRings;
        set => _vcpus.FullRings = value;
    }

    public TimeSpan StallTime => _vcpus.StallTime;

    public void Start()
    {
        _vcpus.Start();
        _thread.Start();
    }

    public void Pause()
    {
        lock (_work)
            _isPaused = true;
        _vcpus.Pause();
        if (_failure is { } failure)
            throw new InvalidOperationException("The device failed.", failure);
    }

    public void Resume()
    {
        _vcpus.Resume();
        lock (_work)
            _isPaused = false;
    }

    public ulong StoresOf(int vcpu) => _vcpus.ProgramOf(vcpu).Stores;

    public void Dispose()
    {
        Volatile.Write(ref _isStopping, true);
        _thread.Join();
        _vcpus.Dispose();
    }

    private void RunDevice()
    {
        try
        {
            for (; !Volatile.Read(ref _isStopping); Thread.Sleep(_random.Next(2)))
            {
                lock (_work)
                {
                    if (!_isPaused)
                        Work();
                }
            }
        }
        catch (Exception failure)
        {
            _failure = failure;
        }
    }

    private void Work()
    {
        MemorySlot slot = _machine.Memory.Slots[_random.Next(_machine.Memory.Slots.Length)];
        byte[] data = new byte[_random.Next(1, 3 * GuestPage.Size)];
        _random.NextBytes(data);
        ulong offset = (ulong)_random.NextInt64((long)(slot.PageCount << GuestPage.Shift) - data.Length), gpa = (slot.BaseGfn << GuestPage.Shift) + offset;
        Errno error = _random.Next(2) == 0 ? _machine.WriteAsDevice(gpa, data) : _machine.WriteAsHost(gpa, data);
        if (error != Errno.None)
            throw new InvalidOperationException($"The device's write ended with {error}.");
        if (_random.Next(3) == 0)
            _change?.Invoke(_machine, gpa >> GuestPage.Shift, _random.Next(64));
    }
}
