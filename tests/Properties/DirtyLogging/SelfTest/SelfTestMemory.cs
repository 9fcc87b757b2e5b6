using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>
/// The memory of the self-test: two slots whose page counts are no multiples of 64, with two whole blocks of 2 MiB in the first. Pages are numbered
/// through.
/// </summary>
internal sealed class SelfTestMemory : IDisposable
{
    private const ulong Pages = 1088 + 3;
    private const ulong MorePages = 61;

    private readonly MemorySlot _first;
    private readonly MemorySlot _second;

    public SelfTestMemory()
    {
        _first = Memory.AddSlot(3, 0x1f8, Pages);
        _second = Memory.AddSlot(9, 0x1000, MorePages);
    }

    public static int PageCount => (int)(Pages + MorePages);

    public GuestMemory Memory { get; } = new();

    /// <summary>The slot and the page in it.</summary>
    public (MemorySlot Slot, ulong Offset) this[int page] => page < (int)Pages ? (_first, (ulong)page) : (_second, (ulong)page - Pages);

    /// <summary>The page's number.</summary>
    public int NumberOf(MemorySlot slot, ulong offset) => (int)(slot == _first ? offset : offset + Pages);

    public ulong GfnOf(int page) => this[page].Slot.BaseGfn + this[page].Offset;

    public ulong AddressOf(int page) => GfnOf(page) << GuestPage.Shift;

    /// <summary>The page's first 8 bytes.</summary>
    public ulong ValueOf(int page) => BitConverter.ToUInt64(BytesOf(page));

    public void SetValueOf(int page, ulong value) => BitConverter.TryWriteBytes(BytesOf(page), value);

    public void Dispose() => Memory.Dispose();

    private Span<byte> BytesOf(int page)
    {
        (MemorySlot slot, ulong offset) = this[page];
        return slot.Memory.AsSpan().Slice((int)(offset << GuestPage.Shift), sizeof(ulong));
    }
}
