namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>The host takes memory away: mmu notifiers.</summary>
/// <remarks>Thread role: any thread that holds no lock. Source: KVM's handlers of invalidate_range_start and _end, and of aging.</remarks>
internal sealed partial class Stage2HvCore<TOrdering>
{
    /// <summary>A whole invalidation, of which nothing else is to be seen.</summary>
    /// <inheritdoc cref="InvalidateStart"/>
    public void InvalidateRange<TThread>(ref TThread thread, ulong hostAddress, ulong size)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        InvalidateStart(ref thread, hostAddress, size);
        InvalidateEnd();
    }

    /// <summary>An invalidation begins: from here to its end no fault maps anything, and what was mapped of the range is gone when this returns.</summary>
    /// <param name="thread">This thread.</param>
    /// <param name="hostAddress">An address of the host process, a multiple of 4096; what is in no slot does not matter.</param>
    /// <param name="size">In bytes, a multiple of 4096.</param>
    public void InvalidateStart<TThread>(ref TThread thread, ulong hostAddress, ulong size)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        Lock.Enter(ref thread);
        Host.Invalidations.Start(hostAddress, hostAddress + size);
        foreach (Stage2Slot slot in Slots)
        {
            if (Overlap(slot, hostAddress, size) is { Size: not 0 } part)
                Table.Unmap(ref thread, part.Ipa, part.Size);
        }

        Lock.Exit();
    }

    /// <summary>It is over: the host's pages are what they will be.</summary>
    public void InvalidateEnd()
    {
        if (Has(Stage2Defects.EndsWithoutSequence))
            Host.Invalidations.EndUncounted();
        else
            Host.Invalidations.End();
    }

    /// <summary>Clears AF, for the host's choice of what to write out. Nothing is invalidated. In 2014 there was no such thing.</summary>
    /// <returns>How many mappings had AF.</returns>
    /// <inheritdoc cref="InvalidateStart"/>
    public ulong Age<TThread>(ref TThread thread, ulong hostAddress, ulong size)
        where TThread : struct, IStage2HostThread, allows ref struct
    {
        ulong young = 0;
        if (Options.Generation == Stage2Generation.Posted2014)
            return young;

        Lock.Enter(ref thread);
        foreach (Stage2Slot slot in Slots)
        {
            if (Overlap(slot, hostAddress, size) is not { Size: not 0 } part)
                continue;
            Table.ClearYoung(ref thread, part.Ipa, part.Size, out ulong found);
            young += found;
        }

        Lock.Exit();
        return young;
    }

    private static (ulong Ipa, ulong Size) Overlap(Stage2Slot slot, ulong hostAddress, ulong size)
    {
        ulong first = Math.Max(hostAddress, slot.UserspaceAddress);
        ulong end = Math.Min(hostAddress + size, slot.UserspaceAddress + slot.Size);
        return first < end ? (slot.BaseIpa + (first - slot.UserspaceAddress), end - first) : (0, 0);
    }
}
