namespace RingKit.DirtyRings.Resetting;

/// <summary>What a reset acts on: the memory slots, whose pages it protects again.</summary>
public interface IResetTarget
{
    /// <summary>How many pages a slot has; 0 where there is no such slot, or none that is logged. Asked for any value at all.</summary>
    /// <param name="slot">Address space id in bits 16..31, memory slot id in bits 0..15.</param>
    ulong PagesIn(uint slot);

    /// <summary>Protects pages again, so that the next store to each is reported. Only called for pages inside the slot.</summary>
    /// <param name="slot">A slot for which <see cref="PagesIn"/> is not 0.</param>
    /// <param name="baseOffset">Page index inside the slot.</param>
    /// <param name="mask">Bit i stands for page <paramref name="baseOffset"/> + i; bit 0 is set.</param>
    void Reset(uint slot, ulong baseOffset, ulong mask);
}
