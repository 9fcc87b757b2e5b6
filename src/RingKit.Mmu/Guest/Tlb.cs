using System.Runtime.CompilerServices;
using RingKit.Memory;

namespace RingKit.Mmu.Guest;

/// <summary>
/// A vCPU's translation cache, direct-mapped. It remembers the permission to write, and goes on to grant it until it is flushed: a harvest
/// that forgets to invalidate loses writes here as it would on hardware.
/// </summary>
/// <remarks>Only the vCPU's own thread touches it.</remarks>
internal sealed unsafe class Tlb
{
    public const int EntryCount = 256;

    // The block is never disposed: its memory goes when nothing holds the view any more.
    private readonly NativeView<TlbEntry> _view = new NativeBlock<TlbEntry>(EntryCount).View;

    // Invariant: EntryCount entries. Indices are masked to it.
    private readonly TlbEntry* _entries;

    public Tlb() => _entries = _view.DangerousPointer;

    /// <summary>The host address of the page, or 0 if there is no translation that may be written through.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nuint FindWritable(ulong gfn)
    {
        ref TlbEntry entry = ref EntryFor(gfn);
        return entry.Tag == (gfn << 2 | TlbEntry.Valid | TlbEntry.Writable) ? entry.Host : 0;
    }

    /// <summary>The host address of the page, or 0 if there is no translation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nuint FindReadable(ulong gfn)
    {
        ref TlbEntry entry = ref EntryFor(gfn);
        return (entry.Tag | TlbEntry.Writable) == (gfn << 2 | TlbEntry.Valid | TlbEntry.Writable) ? entry.Host : 0;
    }

    public void Fill(ulong gfn, in TlbEntry entry) => EntryFor(gfn) = entry;

    public void Flush() => _view.AsSpan().Clear();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref TlbEntry EntryFor(ulong gfn) => ref _entries[gfn & (EntryCount - 1)];
}
