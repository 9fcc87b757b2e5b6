using System.Diagnostics;
using RingKit.Kvm.DirtyLogging.Adaptive;
using RingKit.Mmu;
using RingKit.Mmu.Guest;

namespace RingKit.Kvm.DirtyLogging;

/// <content>Moves from one form to another.</content>
public sealed partial class KvmDirtyLog
{
    /// <summary>The name of a log that has a rule: <see cref="KvmGuestOptions.Rule"/>.</summary>
    public const string AdaptiveName = "kvm-adaptive";

    private KvmMoves _moves;
    private ulong _roundEntries;

    /// <summary>How the kernel tells what is written, now. A log with a rule may have another form after the next harvest.</summary>
    public KvmLogForm Form
    {
        get
        {
            using VcpuSafeScope scope = EnterSlots();
            return _form;
        }
    }

    /// <summary>How often the guest was moved so far, by a rule or by <see cref="KvmGuest.Rehouse"/>, and what that took.</summary>
    public KvmMoves Moves
    {
        get
        {
            using VcpuSafeScope scope = EnterSlots();
            return _moves;
        }
    }

    /// <summary>Moves the guest into a machine of another form: see <see cref="KvmGuest.Rehouse"/>.</summary>
    internal void MoveTo(KvmLogForm form)
    {
        CheckForm(form);
        using VcpuSafeScope scope = EnterSlots();
        ObjectDisposedException.ThrowIf(Machine.DirtyLog != this, this);
        if (form != _form)
            Move(form);
    }

    private protected override void EndHarvest()
    {
        if (_options?.Rule is not { } rule)
            return;
        KvmLogForm form = rule.Choose(_form, new KvmFormRound(_roundEntries, Machine.Memory.Slots.Length, _slotPages));
        _roundEntries = 0;
        if (form == _form)
            return;
        try
        {
            Move(form);
        }
        catch (KvmException)
        {
            // The harvest is good, and the guest goes on where it is; the rule will ask again when it finds it worth while.
            _moves = _moves with { Refused = _moves.Refused + 1 };
        }
    }

    // The new machine has all flags of the old one's slots, that of logging too. So whatever was written before the vCPUs were held is in the old log, which is
    // emptied into this one while they are; and whatever is written later is in the new one.
    private void Move(KvmLogForm form)
    {
        long start = Stopwatch.GetTimestamp();
        using KvmMachine next = KvmGuest.CreateMachine(_options! with { Form = form });
        if (form != KvmLogForm.Ring)
        {
            EnableManualProtect(next, form);
            MakeBitmaps();
        }

        // What the kernel does not have it has refused by now. But logging does not start, it goes on: no page is dirty that was not written.
        bool isInitiallySet = form == KvmLogForm.InitiallySet;
        if (isInitiallySet)
            EnableManualProtect(next, KvmLogForm.Manual);

        Errno error = _kvm.MoveInto(next, SetAllAside, out TimeSpan standstill);
        KvmException.ThrowIf(error, $"The move of the guest to {NameOf(form)}");
        _form = form;
        if (isInitiallySet)
            EnableManualProtect(_kvm, form);
        _moves = _moves with { Count = _moves.Count + 1, Time = _moves.Time + Stopwatch.GetElapsedTime(start), Standstill = _moves.Standstill + standstill };
    }

    private void SetAllAside()
    {
        if (!Machine.Memory.Slots.Any(slot => slot.LogsDirtyPages))
            return;
        var aside = new AsideSink(this);
        Collect(ref aside);
    }
}
