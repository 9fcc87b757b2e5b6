using System.Runtime.CompilerServices;
using RingKit.Memory;

namespace RingKit.Mmu.Guest;

/// <summary>
/// A vCPU's translation cache, direct-mapped. It remembers the permission to write, and goes on to grant it until it is flushed: a harvest
/// that forgets to invalidate loses writes here as it would on hardware.
/// </summary>
/// <remarks>Only the vCPU's own thread touches it.</remarks>
internal sealed unsafe class Tlb : IDisposable
{
    public const int EntryCount = 256;

    private readonly NativeBlock<TlbEntry> _block = new(EntryCount);

    // Invariant: EntryCount entries. Indices are masked to it.
    private readonly TlbEntry* _entries;

    public Tlb() => _entries = _block.View.DangerousPointer;

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

    public void Flush() => _block.View.AsSpan().Clear();

    public void Dispose() => _block.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref TlbEntry EntryFor(ulong gfn) => ref _entries[gfn & (EntryCount - 1)];
}
