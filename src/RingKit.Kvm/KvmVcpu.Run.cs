using System.Diagnostics;
using RingKit.Kvm.Native;
using RingKit.Mmu;
using RingKit.Ordering;

namespace RingKit.Kvm;

/// <content>Into the guest, and out again.</content>
public sealed unsafe partial class KvmVcpu
{
    // How a vCPU is brought out of the guest, and never later than its next entry:
    //   - a flag in the page that it shares with the kernel, immediate_exit, which KVM_RUN looks at before it enters;
    //   - a signal for its thread while it is in KVM_RUN. It is blocked in that thread but for KVM_RUN itself (KVM_SET_SIGNAL_MASK), so that no handler is
    //     ever called; it ends the call, and is taken away afterwards.
    // Both under the lock that Run takes before and after the call: so a signal is sent to a thread alone that is in there.
    internal const int KickSignal = 40;

    // struct kvm_run: the first eight bytes are the user's, and immediate_exit is the second of them.
    private const ulong ImmediateExit = 1UL << 8;

    [ThreadStatic]
    private static int _thisThread;

    private readonly Lock _gate = new();
    private bool _isDisposed;
    private bool _isInRun;
    private bool _isKicked;
    private int _thread;
    private uint _exits;
    private uint _ringIsFull;

    /// <summary>How often the vCPU has left the guest, modulo 2^32. Any thread.</summary>
    public uint Exits => HardwareOrdering.LoadAcquire(ref _exits);                     // E100

    /// <summary>Whether a thread is in <see cref="Run"/>. May be out of date as soon as it is read.</summary>
    public bool IsRunning
    {
        get
        {
            lock (_gate)
                return _isInRun;
        }
    }

    /// <summary>Whether the vCPU has left the guest with <see cref="KvmExitReason.DirtyRingFull"/>, and no log has made room since. A hint: any thread.</summary>
    public bool IsRingFull
    {
        get => HardwareOrdering.LoadRelaxed(ref _ringIsFull) != 0;
        internal set => HardwareOrdering.StoreRelaxed(ref _ringIsFull, value ? 1u : 0);
    }

    /// <summary>Runs the guest on the calling thread until there is a reason to leave it: KVM_RUN.</summary>
    /// <returns>
    /// The reason. <see cref="KvmExitReason.Interrupted"/> after <see cref="RequestExit"/> and <see cref="KickOut"/>, and now and then without either: run
    /// again to go on.
    /// </returns>
    /// <remarks>Signal 40 stays blocked in a thread that has run a vCPU; nothing else is to use it there.</remarks>
    /// <exception cref="InvalidOperationException">Another thread runs the vCPU.</exception>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public KvmExit Run()
    {
        if (_thisThread == 0)
            BlockKicksInThisThread();
        lock (_entrance)
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                if (_isInRun)
                    throw new InvalidOperationException("Another thread runs the vCPU.");
                _isInRun = true;
                _thread = _thisThread;
            }
        }

        Errno error = Errno.None;
        if (Libc.Ioctl(_parts.File, KvmRequest.Run, 0) < 0)
            error = Libc.LastError;
        if (error == Errno.Interrupted)
            HardwareOrdering.ExchangeAcquireRelease(ref Requests, 0);                  // E101: taken, and why it was made is seen
        KvmExit exit = ReadExit(error);
        if (exit.Reason == KvmExitReason.DirtyRingFull)
            IsRingFull = true;

        bool wasKicked;
        lock (_gate)
        {
            _isInRun = false;
            _lastReason = exit.Reason;
            HardwareOrdering.StoreRelease(ref _exits, _exits + 1);                     // E100: behind what the kernel pushed
            wasKicked = _isKicked;
            _isKicked = false;
        }

        if (wasKicked)
            TakeKick();
        return exit;
    }

    /// <summary>
    /// Asks the vCPU to leave the guest with <see cref="KvmExitReason.Interrupted"/>: now, or when it next runs. Any thread, at any time.
    /// </summary>
    public void RequestExit()
    {
        lock (_gate)
        {
            if (_isDisposed && !_isInRun)
                return;
            HardwareOrdering.StoreRelease(ref Requests, ImmediateExit);                // E101: behind its reason
            Kick();
        }
    }

    /// <summary>
    /// Returns when the vCPU has been outside the guest once since the call, or is there: what its processor has logged by itself is then in its ring. It may
    /// be in the guest again by then. Any thread.
    /// </summary>
    public void KickOut()
    {
        uint exits;
        lock (_gate)
        {
            if (!_isInRun)
                return;
            exits = _exits;
            Kick();
        }

        AwaitExitAfter(exits);
    }

    private ref ulong Requests => ref *(ulong*)_parts.Run.DangerousPointer;

    private static void BlockKicksInThisThread()
    {
        SignalSet kick = SignalSet.Of(KickSignal);
        Libc.SetSignalMask(Libc.SignalBlock, &kick, null);
        _thisThread = Libc.ThreadId;
    }

    private static void TakeKick()
    {
        SignalSet kick = SignalSet.Of(KickSignal);
        Libc.TimeSpec now = default;
        while (Libc.AwaitSignal(&kick, null, &now) < 0 && Libc.LastError == Errno.Interrupted)
        {
            // Another signal came between.
        }
    }

    // Under the lock.
    private void Kick()
    {
        if (!_isInRun || _isKicked)
            return;
        Errno error = Libc.SignalThread(_thread, KickSignal);
        Debug.Assert(error == Errno.None, $"the signal was refused: {error}");
        _isKicked = true;
    }

    private void AwaitOut()
    {
        var spinner = default(SpinWait);
        while (IsRunning)
            spinner.SpinOnce();
    }

    private void AwaitExitAfter(uint exits)
    {
        var spinner = default(SpinWait);
        while (Exits == exits)
            spinner.SpinOnce(sleep1Threshold: -1);                                    // it takes some microseconds
    }
}
