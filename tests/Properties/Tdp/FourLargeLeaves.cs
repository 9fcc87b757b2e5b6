using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Tdp;
using Xunit;

namespace RingKit.Properties.Tdp;

/// <summary>A slot of 8 MiB at 1 GiB over x86's second level, its four 2M ranges mapped by large leaves. Frame 0x40203 is its page 515.</summary>
internal static class FourLargeLeaves
{
    public const ulong Base = 0x40000;

    public static ulong[] Ranges { get; } = [Base, Base + 0x200, Base + 0x400, Base + 0x600];

    public static TdpWorld World(
        TdpLogMethod method = TdpLogMethod.WriteProtection, bool eager = false, ManualProtect manual = ManualProtect.None, TdpRecovery recovery = TdpRecovery.InPlace)
    {
        var world = new TdpWorld(
            new TdpOptions
            {
                LogMethod = method,
                SplitsEagerly = eager,
                Recovery = recovery,
                Slots = [new TdpSlotOptions { SlotId = 0, UserspaceAddress = 0x7F00_0000_0000 }],
            },
            manual,
            (0, Base, 2048));
        foreach (ulong range in Ranges)
            Assert.Equal([TdpFaultOutcome.Mapped], world.Store(range + 5));
        Assert.Equal(new TdpMappings(0, 4, 0), world.Mappings);
        Assert.Equal(0, world.Flushes);
        return world;
    }
}
