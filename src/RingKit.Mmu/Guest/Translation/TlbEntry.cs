namespace RingKit.Mmu.Guest.Translation;

/// <summary>One cached translation.</summary>
/// <param name="Tag">The guest frame number shifted left by <see cref="PageShift"/>, with <see cref="Valid"/> and <see cref="Writable"/>; 0 if the entry is empty.</param>
/// <param name="Host">The host address of the page's first byte.</param>
internal readonly record struct TlbEntry(ulong Tag, nuint Host)
{
    public const ulong Valid = 1;
    public const ulong Writable = 2;
    public const int PageShift = 2;

    public static TlbEntry For(ulong gfn, nuint host, bool writable) => new(gfn << PageShift | Valid | (writable ? Writable : 0), host);
}
