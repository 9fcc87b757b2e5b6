using System.Diagnostics;
using RingKit.Ordering;

namespace RingKit.Mmu.Guest;

/// <summary>Entering and leaving the guest, and translations that are dropped meanwhile.</summary>
public sealed unsafe partial class Vcpu
{
    // A vCPU's translations have one holder at a time: its thread while it is in the guest, or a thread that invalidates while it is outside.
    // Each takes them from the other by acquiring what that one released (E6). So a flush of a vCPU that is outside, and may stay there for
    // hours, is done at once, and what it had pending is in the page table when the flush returns.

    private int _runningThread;

    // How often translations were dropped: a step that has answered an invalidation in its middle must not use an address from before.
    private ulong _drops;

    /// <summary>Whether the calling thread runs the vCPU.</summary>
    internal bool IsRunningHere => _runningThread == Environment.CurrentManagedThreadId;

    /// <summary>Whether the vCPU is in the guest, or was a moment ago.</summary>
    internal bool IsInGuest => HardwareOrdering.LoadAcquire(ref _control->Holder) == VcpuControl.Guest;

    /// <summary>Drops what others want dropped, in the middle of a step that waits for them. The vCPU's own thread.</summary>
    internal void AnswerInvalidations()
    {
        if ((HardwareOrdering.LoadAcquire(ref _control->Requests) & VcpuControl.Invalidate) != 0)
            DropTranslations();
    }

    /// <summary>Drops this vCPU's translations of a range, in a step or before one. The vCPU's own thread, which may go on to use what it has looked up already.</summary>
    /// <param name="firstPage">The first address, in pages.</param>
    /// <param name="pageCount">How many; the range does not wrap.</param>
    internal void DropLocally(ulong firstPage, ulong pageCount)
    {
        _tlb.Drop(firstPage, pageCount);
        _drops++;
    }

    /// <summary>Asks for the invalidation that the machine's shootdown describes, without waiting. One thread at a time.</summary>
    /// <returns>What <see cref="AwaitInvalidation"/> waits for.</returns>
    internal ulong RequestInvalidation()
    {
        ulong ticket = _control->Ticket + 1;
        HardwareOrdering.StoreRelease(ref _control->Ticket, ticket);
        HardwareOrdering.OrRelease(ref _control->Requests, VcpuControl.Invalidate);   // E6: publishes the shootdown
        return ticket;
    }

    /// <summary>Returns when the vCPU can use none of the translations any more, and what it stored through them is visible.</summary>
    /// <param name="ticket">From <see cref="RequestInvalidation"/>.</param>
    /// <param name="self">The vCPU that the calling thread runs, or null: others may be waiting for that one.</param>
    internal void AwaitInvalidation(ulong ticket, Vcpu? self)
    {
        if (self == this)
        {
            DropTranslations();
            return;
        }

        var spinner = default(SpinWait);
        while (HardwareOrdering.LoadAcquire(ref _control->Done) < ticket)             // E6: its stores are visible
        {
            if (TryHold(VcpuControl.Invalidator))
            {
                if (HardwareOrdering.LoadAcquire(ref _control->Done) < ticket)
                    DropTranslations();
                HardwareOrdering.StoreRelease(ref _control->Holder, VcpuControl.Nobody);   // E6
                return;
            }

            self?.AnswerInvalidations();
            spinner.SpinOnce(sleep1Threshold: -1);
        }
    }

    private void EnterGuest()
    {
        ObjectDisposedException.ThrowIf(_machine.IsDisposed, _machine);
        long arrived = 0;
        var spinner = default(SpinWait);
        while (true)
        {
            while (!TryHold(VcpuControl.Guest))
            {
                if (HardwareOrdering.LoadAcquire(ref _control->Holder) == VcpuControl.Guest)
                    throw new InvalidOperationException($"vCPU {Id} is running already.");
                arrived = arrived == 0 ? Stopwatch.GetTimestamp() : arrived;
                spinner.SpinOnce(sleep1Threshold: -1);
            }

            HardwareOrdering.FullFence();                                             // E62: be seen inside, then look whether it is closed
            if (!_machine.IsClosed)
                break;
            HardwareOrdering.StoreRelease(ref _control->Holder, VcpuControl.Nobody);
            arrived = arrived == 0 ? Stopwatch.GetTimestamp() : arrived;
            spinner.SpinOnce();
        }

        _runningThread = Environment.CurrentManagedThreadId;
        if (arrived != 0 || _stalls.IsOutside)
            _stalls.Enter(arrived);
    }

    private void LeaveGuest()
    {
        _machine.Mmu.Exit(this);
        _runningThread = 0;
        HardwareOrdering.StoreRelease(ref _control->Holder, VcpuControl.Nobody);      // E6: publishes what the guest stored
    }

    private bool TryHold(ulong holder) =>
        HardwareOrdering.CompareExchangeAcquire(ref _control->Holder, holder, VcpuControl.Nobody) == VcpuControl.Nobody;   // E6

    // The request goes before the ticket is read, and the ticket before the drop: what is asked for meanwhile is done twice, never not at all.
    private void DropTranslations()
    {
        HardwareOrdering.FetchAndNotAcquire(ref _control->Requests, VcpuControl.Invalidate);
        ulong ticket = HardwareOrdering.LoadAcquire(ref _control->Ticket);
        _machine.Mmu.Exit(this);
        _machine.Shootdown.Drop(_tlb);
        _drops++;
        HardwareOrdering.StoreRelease(ref _control->Done, ticket);                    // E6: publishes what the guest stored
    }
}
