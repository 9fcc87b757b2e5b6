using System.Runtime.InteropServices;
using RingKit.Kvm.Native;
using Xunit;

namespace RingKit.Kvm.Tests.Support;

/// <summary>Signals for the thread that makes it, again and again. They come whichever processor the thread has.</summary>
internal sealed unsafe partial class SignalTimer : IDisposable
{
    private const int WindowChanged = 28;      // SIGWINCH, which the runtime handles and forgets
    private const int Monotonic = 1;
    private const int ToThread = 4;

    private readonly PosixSignalRegistration _handler = PosixSignalRegistration.Create((PosixSignal)WindowChanged, context => context.Cancel = true);
    private readonly nint _timer;

    public SignalTimer(TimeSpan interval)
    {
        var signal = new SignalEvent { Signal = WindowChanged, Notify = ToThread, ThreadId = Libc.ThreadId };
        Assert.Equal(0, Create(Monotonic, &signal, out _timer));
        var time = new Libc.TimeSpec { Nanoseconds = (long)interval.TotalNanoseconds };
        var times = new TimerTimes { Interval = time, First = time };
        Assert.Equal(0, Set(_timer, 0, &times, null));
    }

    public void Dispose()
    {
        Assert.Equal(0, Delete(_timer));
        _handler.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "timer_create")]
    private static partial int Create(int clock, SignalEvent* signal, out nint timer);

    [LibraryImport("libc", EntryPoint = "timer_settime")]
    private static partial int Set(nint timer, int flags, TimerTimes* times, TimerTimes* before);

    [LibraryImport("libc", EntryPoint = "timer_delete")]
    private static partial int Delete(nint timer);

    // struct sigevent.
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct SignalEvent
    {
        public ulong Value;
        public int Signal;
        public int Notify;
        public int ThreadId;
    }

    private struct TimerTimes
    {
        public Libc.TimeSpec Interval;
        public Libc.TimeSpec First;
    }
}
