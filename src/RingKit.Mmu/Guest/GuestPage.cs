namespace RingKit.Mmu.Guest;

/// <summary>The guest's page: 4 KiB, the granule of KVM's dirty logs on most machines.</summary>
public static class GuestPage
{
    /// <summary>12: a guest frame number is a guest-physical address shifted right by it.</summary>
    public const int Shift = 12;

    /// <summary>4096 bytes.</summary>
    public const int Size = 1 << Shift;

    /// <summary>The bits of an address inside its page.</summary>
    public const ulong OffsetMask = Size - 1;
}
