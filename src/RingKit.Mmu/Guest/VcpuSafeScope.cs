namespace RingKit.Mmu.Guest;

/// <summary>
/// A lock for its scope, like the lock statement, under which translations may be invalidated: a vCPU that waits for it in the middle of a step drops what it is
/// asked to, as the holder may be waiting for that.
/// </summary>
internal readonly ref struct VcpuSafeScope : IDisposable
{
    private readonly Lock _gate;

    public VcpuSafeScope(Lock gate, VirtualMachine machine)
    {
        _gate = gate;
        if (machine.CurrentVcpu is not { } self)
        {
            gate.Enter();
            return;
        }

        var spinner = default(SpinWait);
        while (!gate.TryEnter())
        {
            self.AnswerInvalidations();
            spinner.SpinOnce(sleep1Threshold: -1);
        }
    }

    public void Dispose() => _gate.Exit();
}
