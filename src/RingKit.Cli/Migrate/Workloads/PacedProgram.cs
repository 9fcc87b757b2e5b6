using System.Runtime.CompilerServices;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Migrate.Workloads;

/// <summary>Does a source's stores at a pacer's rate. When there is none to do yet it leaves the guest, so that nobody waits for a vCPU that waits.</summary>
/// <param name="source">What to store.</param>
/// <param name="pacer">How fast.</param>
internal struct PacedProgram<TSource>(TSource source, StorePacer pacer) : IGuestProgram
    where TSource : struct, IStoreSource
{
    private TSource _source = source;
    private int _left;

    /// <summary>After an exit: whether the vCPU has nothing to do for <see cref="StorePacer.Wait"/>.</summary>
    public readonly bool IsWaiting => _left == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public VcpuExit Step(Vcpu vcpu)
    {
        if (_left == 0)
        {
            _left = pacer.Grant();
            if (_left == 0)
                return VcpuExit.Interrupted;
        }

        ref TSource stores = ref _source;
        VcpuExit exit = stores.Store(vcpu);
        if (exit == VcpuExit.None)
            _left--;
        return exit;
    }
}
