using System.Runtime.CompilerServices;
using RingKit.Memory;

namespace RingKit.Mmu.Guest.Translation;

/// <summary>
/// A vCPU's translation cache, direct-mapped. It remembers the permission to write, and goes on to grant it until it is flushed: a harvest
/// that forgets to invalidate loses writes here as it would on hardware.
/// </summary>
/// <remarks>Only the vCPU's holder touches it: its own thread in the guest, or one that invalidates while it is outside.</remarks>
internal sealed unsafe class Tlb
{
    public const int EntryCount = 256;

    /// <summary>Of a source: R or C that the translation has earned is not in the page table yet.</summary>
    public const ulong Pending = 1UL << 63;

    // The blocks are never disposed: their memory goes when nothing holds the views any more.
    private readonly NativeView<TlbEntry> _view = new NativeBlock<TlbEntry>(EntryCount).View;
    private readonly NativeView<ulong> _sourceView = new NativeBlock<ulong>(EntryCount).View;

    // Invariant: EntryCount entries and as many sources. Indices are masked to it.
    private readonly TlbEntry* _entries;
    private readonly ulong* _sources;
    private readonly IMmu _mmu;

    public Tlb(IMmu mmu)
    {
        _mmu = mmu;
        _entries = _view.DangerousPointer;
        _sources = _sourceView.DangerousPointer;
    }

    /// <summary>The host address of the page, or 0 if there is no translation that may be written through.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nuint FindWritable(ulong gfn)
    {
        ref TlbEntry entry = ref EntryFor(gfn);
        return entry.Tag == (gfn << TlbEntry.PageShift | TlbEntry.Valid | TlbEntry.Writable) ? entry.Host : 0;
    }

    /// <summary>The host address of the page, or 0 if there is no translation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nuint FindReadable(ulong gfn)
    {
        ref TlbEntry entry = ref EntryFor(gfn);
        return (entry.Tag | TlbEntry.Writable) == (gfn << TlbEntry.PageShift | TlbEntry.Valid | TlbEntry.Writable) ? entry.Host : 0;
    }

    /// <summary>Remembers a translation, in the place of another one.</summary>
    /// <param name="page">Address of the access, in pages.</param>
    /// <param name="entry">The translation.</param>
    /// <param name="source">Where the page table has it from, by whose name it is dropped, perhaps with <see cref="Pending"/>; 0 if it has none.</param>
    public void Fill(ulong page, in TlbEntry entry, ulong source)
    {
        ulong place = page & (EntryCount - 1);
        WriteBack(place);
        _entries[place] = entry;
        _sources[place] = source;
    }

    /// <summary>Drops all translations. What is pending goes to the page table first.</summary>
    public void Flush()
    {
        for (ulong place = 0; place < EntryCount; place++)
            WriteBack(place);
        _view.AsSpan().Clear();
        _sourceView.AsSpan().Clear();
    }

    /// <summary>Drops the translations from these sources. What is pending goes to the page table first.</summary>
    public void Drop(ReadOnlySpan<ulong> sources)
    {
        for (ulong place = 0; place < EntryCount; place++)
        {
            ulong source = _sources[place] & ~Pending;
            if (source != 0 && sources.Contains(source))
                Empty(place);
        }
    }

    /// <summary>Drops the translations of a range. What is pending goes to the page table first.</summary>
    /// <param name="firstPage">The first address, in pages.</param>
    /// <param name="pageCount">How many; the range does not wrap.</param>
    public void Drop(ulong firstPage, ulong pageCount)
    {
        // A range of so many pages has each place; a shorter one each place once at most.
        ulong first = pageCount < EntryCount ? firstPage : 0, count = Math.Min(pageCount, EntryCount);
        for (ulong i = 0; i < count; i++)
        {
            ulong place = (first + i) & (EntryCount - 1), tag = _entries[place].Tag;
            if (tag != 0 && (tag >> TlbEntry.PageShift) - firstPage < pageCount)
                Empty(place);
        }
    }

    private void Empty(ulong place)
    {
        WriteBack(place);
        _entries[place] = default;
        _sources[place] = 0;
    }

    private void WriteBack(ulong place)
    {
        if ((_sources[place] & Pending) != 0)
            _mmu.WriteBack(_sources[place] & ~Pending);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref TlbEntry EntryFor(ulong gfn) => ref _entries[gfn & (EntryCount - 1)];
}
