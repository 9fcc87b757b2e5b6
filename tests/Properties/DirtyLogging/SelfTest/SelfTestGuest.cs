using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>
/// What a vCPU of the self-test does for ever: it picks a page and writes the iteration's number to its first 8 bytes. Now and then it reads another one.
/// </summary>
/// <remarks>Thread role: <see cref="Step"/> by the vCPU; <see cref="Writes"/> by any thread; the rest while the vCPU is outside the guest.</remarks>
internal sealed class SelfTestGuest(SelfTestMemory memory, SelfTestPlan plan, bool reads, int seed)
{
    private readonly Random _random = new(seed);
    private ulong _iteration;
    private ulong _writes;

    /// <summary>The page that the vCPU was about to store to when it left the guest, or -1.</summary>
    public int Pending { get; private set; } = -1;

    /// <summary>Stores of the iteration.</summary>
    public ulong Writes => Volatile.Read(ref _writes);

    public void Begin(ulong iteration)
    {
        _iteration = iteration;
        Pending = -1;
        Volatile.Write(ref _writes, 0);
    }

    public VcpuExit Step(Vcpu vcpu)
    {
        if (Pending < 0)
        {
            if (reads && _random.Next(8) == 0)
                return Load(vcpu, _random.Next(SelfTestMemory.PageCount));
            if (_random.Next(1024) == 0)
                Thread.Yield();   // In the guest: who waits for this vCPU gets a turn.
            do
                Pending = _random.Next(SelfTestMemory.PageCount);
            while (!plan.Writes(Pending, _iteration));
        }

        return Store(vcpu, Pending);
    }

    /// <summary>Stores the iteration's number to a page, which stays pending if the vCPU has to leave the guest.</summary>
    public VcpuExit Store(Vcpu vcpu, int page)
    {
        Pending = page;
        VcpuExit exit = vcpu.Store(memory.AddressOf(page), _iteration);
        if (exit != VcpuExit.None)
            return exit;
        Pending = -1;
        Volatile.Write(ref _writes, _writes + 1);
        return exit;
    }

    public VcpuExit Load(Vcpu vcpu, int page)
    {
        Span<byte> value = stackalloc byte[sizeof(ulong)];
        VcpuExit exit = vcpu.Load(memory.AddressOf(page), value);
        return exit == VcpuExit.None && BitConverter.ToUInt64(value) > _iteration
            ? throw new InvalidOperationException($"Page {page} holds {BitConverter.ToUInt64(value)} in iteration {_iteration}.")
            : exit;
    }
}
