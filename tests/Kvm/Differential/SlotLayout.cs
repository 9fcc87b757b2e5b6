namespace RingKit.Kvm.Tests.Differential;

/// <summary>Where the slots of a shape are now, in both machines.</summary>
internal sealed class SlotLayout(MachineShape shape)
{
    // As the shape has them; where one was deleted, null.
    private readonly SlotShape?[] _slots = [.. shape.Slots.Select(slot => (SlotShape?)slot)];

    /// <summary>The slots that are there.</summary>
    public IEnumerable<SlotShape> Slots => _slots.OfType<SlotShape>();

    /// <summary>A slot as it is now, or null.</summary>
    public SlotShape? Find(ushort id) => _slots.FirstOrDefault(slot => slot?.Id == id);

    public SlotShape SlotAt(ulong gfn) => Slots.First(slot => gfn - slot.BaseGfn < slot.PageCount);

    public void Delete(ushort id) => _slots[OrdinalOf(id)] = null;

    public void Put(SlotShape slot) => _slots[OrdinalOf(slot.Id)] = slot;

    /// <summary>Frames to store to, by lot: up, down, in strides, over and over, or anywhere. None where there is no slot.</summary>
    public ulong[] Stores(int lot, int most)
    {
        var random = new Random(lot);
        int count = random.Next(1, Math.Max(most, 1) + 1), kind = random.Next(5);
        ulong[] frames = [.. Slots.SelectMany(slot => Enumerable.Range(0, (int)slot.PageCount).Select(page => slot.BaseGfn + (ulong)page))];
        if (frames.Length == 0)
            return [];
        int at = random.Next(frames.Length), stride = random.Next(2, 70), few = random.Next(1, 5);
        return [.. Enumerable.Range(0, count).Select(i => frames[Wrap(kind switch
        {
            0 => at + i,
            1 => at - i,
            2 => at + (i * stride),
            3 => at + (i % few),
            _ => random.Next(frames.Length),
        }, frames.Length)])];
    }

    public override string ToString() => string.Join("; ", _slots.Select(slot => slot?.ToString() ?? "deleted"));

    private int OrdinalOf(ushort id) => Array.FindIndex(shape.Slots, slot => slot.Id == id);

    private static int Wrap(int index, int length) => ((index % length) + length) % length;
}
