namespace RingKit.Bench.TwoThreads.Running;

/// <summary>How a rival, which has no way of its own to wait on a thread, waits: like RingKit's own default, it spins and then yields.</summary>
internal struct Idle
{
    private const int Spins = 32;

    private int _round;

    public void Pass()
    {
        if (_round < Spins)
            Thread.SpinWait(1);
        else
            Thread.Yield();
        _round++;
    }
}
