using System.Runtime.CompilerServices;
using RingKit.Bitmaps;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Mmu.DirtyLogging.Sinks;

namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>Draining and moving.</summary>
internal sealed unsafe partial class AdaptiveLogCore<TOrdering>
{
    // The forms in which pages may be: bits by FormBit.
    private uint _mayHold = FormBit(DirtyLogForm.Ring);

    // What the control says: nobody else writes it.
    private DirtyLogForm _form;

    // How the ring entries of the last stretch lay: those of the next one will lie like them.
    private bool _areScattered = true;

    /// <summary>Takes what is recorded: in the form, in the one before it if that ended with the last drain, and beside full rings.</summary>
    /// <param name="target">Takes the pages. If it throws, what it did not take stays recorded.</param>
    /// <param name="overflowed">Whether pages went aside since the last drain.</param>
    /// <param name="suffices">Whether all was in rings, and is to be there.</param>
    /// <returns>Bytes of the rings and bitmaps that it read.</returns>
    /// <typeparam name="TTarget">The target's type.</typeparam>
    public ulong Drain<TTarget>(ref TTarget target, out bool overflowed, out bool suffices)
        where TTarget : struct, IAdaptiveTarget, allows ref struct
    {
        overflowed = TOrdering.LoadRelaxed(ref _control->Overflowed) != 0;
        if (overflowed)
        {
            TOrdering.ExchangeAcquire(ref _control->Overflowed, 0);                   // E86: the marks before it are visible
            _mayHold |= FormBit(DirtyLogForm.Summary);
        }

        suffices = _mayHold == FormBit(DirtyLogForm.Ring);
        ulong bytes = 0;
        if (MayHold(DirtyLogForm.Ring))
            bytes += DrainRings(ref target);
        if (suffices)
            return bytes;

        if (MayHold(DirtyLogForm.Bitmap))
            bytes += DrainBitmaps(ref target);
        else if (MayHold(DirtyLogForm.Summary))
            bytes += DrainSummaries(ref target);

        _mayHold = FormBit(_form);
        return bytes;
    }

    /// <summary>Has the next records go elsewhere. The caller then waits until every vCPU has left the fault that it is in, before it lets go of the lock.</summary>
    /// <returns>False if that is where they go already: there is nothing to wait for.</returns>
    /// <exception cref="InvalidOperationException">There is no such form; nothing has changed.</exception>
    public bool MoveTo(DirtyLogForm form)
    {
        if (form == _form)
            return false;
        if (form is not (DirtyLogForm.Ring or DirtyLogForm.Summary or DirtyLogForm.Bitmap))
            throw new InvalidOperationException($"The rule chose form {form}; there are {DirtyLogForm.Ring}, {DirtyLogForm.Summary} and {DirtyLogForm.Bitmap}.");
        _form = form;
        TOrdering.StoreRelaxed(ref _control->Form, (ulong)form);
        _mayHold |= FormBit(form);
        GC.KeepAlive(this);
        return true;
    }

    /// <summary>A defect, for tests: forgets that a vCPU may still have recorded in the form before.</summary>
    internal void ForgetOldForm() => _mayHold = FormBit(_form);

    private bool MayHold(DirtyLogForm form) => (_mayHold & FormBit(form)) != 0;

    // A ring without entries is looked at by its indices alone: a quiet harvest, which finds nothing in the caches, reads two lines of it.
    private ulong DrainRings<TTarget>(ref TTarget target)
        where TTarget : struct, IAdaptiveTarget, allows ref struct
    {
        ulong entries = 0;
        foreach (DirtyRingCore<TOrdering> ring in _rings)
        {
            if (ring.Used != 0)
                entries += DrainRing(ring, ref target);
        }

        return entries * DirtyGfn.SizeInBytes;
    }

    // So many at a time that what the target has asked for at the harvest is still near at the reset.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong DrainRing<TTarget>(DirtyRingCore<TOrdering> ring, ref TTarget target)
        where TTarget : struct, IAdaptiveTarget, allows ref struct
    {
        const int Stretch = 256;
        ulong entries = 0;
        var released = default(ReleasingSink);

        // Nothing is copied out: the reset reads the entries once more, and what a target has refused before. And never more than the ring holds: vCPUs fill again
        // what is freed here. All that was recorded before is among those, so what is left is the next drain's.
        int harvested, left = (int)ring.Capacity;
        do
        {
            harvested = _areScattered ? ring.Harvest(ref target, Stretch) : ring.Harvest(ref released, Stretch);
            left -= harvested;
            entries += (uint)harvested;
            if (!ring.MayReset)
                continue;
            ResetResult reset = ring.Reset<TTarget, RefusePages<TTarget>>(ref target, int.MaxValue);
            _areScattered = AnnouncingSink.Pays(reset, _areScattered);
            entries += (uint)reset.Entries;
        }
        while (harvested == Stretch && left > 0);
        return entries;
    }

    // All bits, those to which the summaries would have led as well.
    private ulong DrainBitmaps<TTarget>(ref TTarget target)
        where TTarget : struct, IAdaptiveTarget, allows ref struct
    {
        ulong bytes = 0;
        foreach (AdaptiveSlot<TOrdering> slot in _slots)
        {
            target.Enter(slot.Ordinal, default);
            try
            {
                slot.Bitmap.HarvestMasks<AlwaysOr, TTarget>(ref target);
                target.Leave();
            }
            catch
            {
                PutBack(slot, ref target);
                throw;
            }

            bytes += slot.BitmapBytes;
        }

        return bytes;
    }

    private ulong DrainSummaries<TTarget>(ref TTarget target)
        where TTarget : struct, IAdaptiveTarget, allows ref struct
    {
        ulong words = 0;
        foreach (AdaptiveSlot<TOrdering> slot in _slots)
        {
            target.Enter(slot.Ordinal, slot.Path);
            try
            {
                slot.Summary.HarvestMasks(ref target);
                target.Leave();
            }
            catch
            {
                PutBack(slot, ref target);
                throw;
            }

            words += target.WordsRead;
        }

        return words * sizeof(ulong);
    }

    // With their summaries, which serves both harvests.
    private static void PutBack<TTarget>(AdaptiveSlot<TOrdering> slot, ref TTarget target)
        where TTarget : struct, IAdaptiveTarget, allows ref struct
    {
        while (target.TryGiveBack(out ulong firstPage, out ulong mask))
            slot.Summary.PutBack(0, (nuint)(firstPage >> 6), mask);
    }
}
