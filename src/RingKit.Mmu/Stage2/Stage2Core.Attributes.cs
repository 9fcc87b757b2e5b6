using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using RingKit.Ordering;

namespace RingKit.Mmu.Stage2;

/// <summary>Changes of permissions and of AF, which need no break before make.</summary>
internal sealed partial class Stage2Core<TOrdering>
{
    // One vector's.
    private const ulong EntriesPerLook = 8;

    /// <summary>Takes the write permission from all leaves of a range, whole blocks where it touches one. It invalidates nothing: the caller does, once.</summary>
    /// <param name="thread">This thread, which alone changes the table.</param>
    /// <param name="ipa">A multiple of 4 KiB.</param>
    /// <param name="size">In bytes, a multiple of 4 KiB, not 0.</param>
    /// <param name="changed">How many leaves were writable.</param>
    /// <returns><see cref="Errno.Invalid"/> and <see cref="Errno.Range"/> for arguments out of range, with nothing changed.</returns>
    public Errno WriteProtect<TThread>(ref TThread thread, ulong ipa, ulong size, out ulong changed)
        where TThread : struct, IStage2Thread, allows ref struct => ClearBit(ref thread, ipa, size, Stage2Attributes.WriteBit, out changed);

    /// <summary>Write-protects as arm64 does for a word of a dirty bitmap: all pages from the first set bit to the last, those between included.</summary>
    /// <param name="thread">This thread, which alone changes the table.</param>
    /// <param name="ipa">The address of bit 0's page.</param>
    /// <param name="mask">The pages; 0 for none.</param>
    /// <param name="changed">How many leaves were writable.</param>
    /// <returns>As <see cref="WriteProtect"/>.</returns>
    public Errno WriteProtectSpan<TThread>(ref TThread thread, ulong ipa, ulong mask, out ulong changed)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        changed = 0;
        if (mask == 0)
            return Errno.None;
        int first = BitOperations.TrailingZeroCount(mask), last = BitOperations.Log2(mask);
        return WriteProtect(ref thread, PageAt(ipa, first), (ulong)(last - first + 1) * Stage2Geometry.TableBytes, out changed);
    }

    /// <summary>Write-protects as x86 does for a word of a dirty bitmap: the pages of set bits alone.</summary>
    /// <inheritdoc cref="WriteProtectSpan"/>
    public Errno WriteProtectExact<TThread>(ref TThread thread, ulong ipa, ulong mask, out ulong changed)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        changed = 0;
        if (mask == 0)
            return Errno.None;
        Errno error = CheckRange(PageAt(ipa, BitOperations.TrailingZeroCount(mask)), Stage2Geometry.TableBytes);
        if (error == Errno.None)
            error = CheckRange(PageAt(ipa, BitOperations.Log2(mask)), Stage2Geometry.TableBytes);

        while (error == Errno.None && mask != 0)
        {
            // One descent for the pages of one table, of which a word has two at most.
            int first = BitOperations.TrailingZeroCount(mask);
            ulong behind = Stage2Geometry.EntriesPerTable - ((PageAt(ipa, first) / Stage2Geometry.TableBytes) % Stage2Geometry.EntriesPerTable) + (uint)first;
            ulong part = behind >= 64 ? mask : mask & ((1UL << (int)behind) - 1);
            changed += ClearBitOfMask(ref thread, PageAt(ipa, first), part >> first, Stage2Attributes.WriteBit);
            mask ^= part;
        }

        return error;
    }

    /// <summary>Clears AF of all leaves of a range, and counts those that had it. TLBs may keep entries, so an access may go unseen.</summary>
    /// <param name="thread">This thread, which alone changes the table.</param>
    /// <param name="ipa">A multiple of 4 KiB.</param>
    /// <param name="size">In bytes, a multiple of 4 KiB, not 0.</param>
    /// <param name="young">How many leaves had AF.</param>
    /// <returns><see cref="Errno.Invalid"/> and <see cref="Errno.Range"/> for arguments out of range, with nothing changed.</returns>
    public Errno ClearYoung<TThread>(ref TThread thread, ulong ipa, ulong size, out ulong young)
        where TThread : struct, IStage2Thread, allows ref struct => ClearBit(ref thread, ipa, size, Stage2Attributes.AccessBit, out young);

    /// <summary>Sets AF after an access-flag fault. No TLB holds an entry without it, so there is nothing to invalidate.</summary>
    /// <returns><see cref="Errno.Again"/> if nothing is mapped or another thread was at work there, <see cref="Errno.Range"/> beyond the IPA size.</returns>
    public Errno SetYoung<TThread>(ref TThread thread, ulong ipa)
        where TThread : struct, IStage2Thread, allows ref struct => SetBits(ref thread, ipa, Stage2Attributes.AccessBit, executes: Stage2Protection.None, at: -1, out _);

    /// <summary>Adds permissions after a permission fault, and drops what this vCPU has of the address. Others that are stricter fault, and find it done.</summary>
    /// <param name="thread">This thread.</param>
    /// <param name="ipa">An address that is mapped.</param>
    /// <param name="protection">Of read, write and the two executions, those to add.</param>
    /// <param name="at">The leaf's level, if it has to be that one; else -1.</param>
    /// <returns>
    /// <see cref="Errno.Again"/> if nothing is mapped, or at another level, or another thread was at work there; <see cref="Errno.Invalid"/> for other bits;
    /// <see cref="Errno.Range"/> beyond the IPA size.
    /// </returns>
    public Errno Relax<TThread>(ref TThread thread, ulong ipa, Stage2Protection protection, int at = -1)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        const Stage2Protection Execution = Stage2Protection.KernelExecute | Stage2Protection.UserExecute;
        if ((protection & ~(Execution | Stage2Protection.Read | Stage2Protection.Write)) != Stage2Protection.None)
            return Errno.Invalid;

        ulong bits = 0;
        if ((protection & Stage2Protection.Read) != Stage2Protection.None)
            bits |= Stage2Attributes.ReadBit;
        if ((protection & Stage2Protection.Write) != Stage2Protection.None)
            bits |= Stage2Attributes.WriteBit;
        Errno error = SetBits(ref thread, ipa, bits, protection & Execution, at, out int level);

        // Even if another thread was faster: this vCPU faulted through an entry that is stale.
        if (error is Errno.None or Errno.Again)
            thread.InvalidateLocal(BaseOf(ipa, level), level);
        return error;
    }

    private Errno SetBits<TThread>(ref TThread thread, ulong ipa, ulong bits, Stage2Protection executes, int at, out int level)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        level = Geometry.StartLevel;
        if (!Geometry.Holds(ipa))
            return Errno.Range;

        ref ulong entry = ref Find(ipa, Stage2Geometry.LastLevel, ref level, out _, out Stage2Descriptor seen);
        if (!seen.IsLeafAt(level) || (at >= 0 && at != level))
            return Errno.Again;
        ulong next = seen.Raw | bits;
        if (executes != Stage2Protection.None)
            next = (next & ~Stage2Attributes.ExecuteMask) | Stage2Attributes.ExecuteBits(Stage2Attributes.Executions(seen.Execute) | executes);
        if (next == seen.Raw)
            return Errno.None;
        return TryReplace(ref thread, ref entry, seen, new Stage2Descriptor(next), ipa, level) ? Errno.None : Errno.Again;
    }

    private Errno ClearBit<TThread>(ref TThread thread, ulong ipa, ulong size, ulong bit, out ulong changed)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        changed = 0;
        Errno error = CheckRange(ipa, size);
        if (error == Errno.None)
            changed = ClearBit(ref thread, table: 0, Geometry.StartLevel, ipa, ipa + size, bit);
        return error;
    }

    private ulong ClearBit<TThread>(ref TThread thread, ulong table, int level, ulong ipa, ulong end, ulong bit)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        if (level == Stage2Geometry.LastLevel)
            return ClearBitOfPages(ref thread, table, ipa, end, bit);

        ulong changed = 0, size = Stage2Geometry.SizeAt(level);
        for (ulong next; ipa < end; ipa = next)
        {
            next = Math.Min(end, BaseOf(ipa, level) + size);
            ref ulong entry = ref Pool.EntryAt(table, Geometry.IndexAt(ipa, level));
            Stage2Descriptor seen = Look(ref entry);
            if (seen.IsTableAt(level))
                changed += ClearBit(ref thread, seen.TableAddress, level + 1, ipa, next, bit);
            else if (seen.IsLeafAt(level) && (seen.Raw & bit) != 0)
                changed += Clear(ref thread, ref entry, seen, bit, ipa, level);
        }

        return changed;
    }

    private ulong ClearBitOfPages<TThread>(ref TThread thread, ulong table, ulong ipa, ulong end, ulong bit)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        ulong wanted = Stage2Descriptor.ValidBit | Stage2Descriptor.TypeBit | bit, changed = 0, left = (end - ipa) / Stage2Geometry.TableBytes;

        // Invariant: the pages are of one table.
        ref ulong entry = ref Pool.EntryAt(table, Geometry.IndexAt(ipa, Stage2Geometry.LastLevel));
        while (left != 0)
        {
            ulong group = Math.Min(left, EntriesPerLook);
            left -= group;
            if (group == EntriesPerLook && !AnyHas(ref entry, bit))
            {
                ipa += EntriesPerLook * Stage2Geometry.TableBytes;
                entry = ref Unsafe.Add(ref entry, (int)EntriesPerLook);
                continue;
            }

            for (; group != 0; group--, ipa += Stage2Geometry.TableBytes, entry = ref Unsafe.Add(ref entry, 1))
            {
                Stage2Descriptor seen = Look(ref entry);
                if ((seen.Raw & wanted) == wanted)
                    changed += Clear(ref thread, ref entry, seen, bit, ipa, Stage2Geometry.LastLevel);
            }
        }

        return changed;
    }

    // Invariant: there are so many entries. Only hardware changes them meanwhile, and sets AF.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AnyHas(ref ulong entry, ulong bit) =>
        typeof(TOrdering) != typeof(HardwareOrdering) || (Vector512.LoadUnsafe(in entry) & Vector512.Create(bit)) != Vector512<ulong>.Zero;

    // Bit 0 is set, and the pages are those of one table, if there is one.
    private ulong ClearBitOfMask<TThread>(ref TThread thread, ulong ipa, ulong mask, ulong bit)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        int level = Geometry.StartLevel;
        ref ulong first = ref Find(ipa, Stage2Geometry.LastLevel, ref level, out _, out Stage2Descriptor seen);
        if (level != Stage2Geometry.LastLevel)
            return seen.IsLeafAt(level) && (seen.Raw & bit) != 0 ? Clear(ref thread, ref first, seen, bit, ipa, level) : 0;

        ulong wanted = Stage2Descriptor.ValidBit | Stage2Descriptor.TypeBit | bit, changed = 0;
        for (; mask != 0; mask &= mask - 1)
        {
            // Invariant: bits are of pages of the first one's table.
            int page = BitOperations.TrailingZeroCount(mask);
            ref ulong entry = ref Unsafe.Add(ref first, page);
            seen = Look(ref entry);
            if ((seen.Raw & wanted) == wanted)
                changed += Clear(ref thread, ref entry, seen, bit, PageAt(ipa, page), Stage2Geometry.LastLevel);
        }

        return changed;
    }

    // A release, since who reads this value reads what was written to the page before it was mapped, too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Clear<TThread>(ref TThread thread, ref ulong entry, Stage2Descriptor seen, ulong bit, ulong ipa, int level)
        where TThread : struct, IStage2Thread, allows ref struct
    {
        TOrdering.StoreRelease(ref entry, seen.Raw & ~bit);                                                   // E63
        thread.Changed(BaseOf(ipa, level), level, seen, new Stage2Descriptor(seen.Raw & ~bit));
        return 1;
    }

    private static ulong PageAt(ulong ipa, int page) => ipa + ((ulong)page * Stage2Geometry.TableBytes);
}
