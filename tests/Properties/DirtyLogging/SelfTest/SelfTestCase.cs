using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>A log over a page table.</summary>
/// <param name="Name">Page table and log, in words.</param>
/// <param name="MakeMachine">Makes a machine with so many vCPUs.</param>
/// <param name="MakeLog">Makes the log for it.</param>
/// <param name="Exceptions">What the log needs of them.</param>
internal sealed record SelfTestCase(
    string Name, Func<GuestMemory, int, VirtualMachine> MakeMachine, Func<VirtualMachine, IDirtyLog> MakeLog, SelfTestExceptions Exceptions)
{
    /// <summary>Whether the guest may read: false where reading maps a page writable, and so marks it.</summary>
    public bool Reads { get; init; } = true;

    /// <summary>What the host does to a frame at any time, by a number from 0 to 63, or null.</summary>
    public Action<VirtualMachine, ulong, int>? ChangeFrame { get; init; }

    public bool Grants(SelfTestExceptions exception) => (Exceptions & exception) != SelfTestExceptions.None;

    public override string ToString() => Name;
}
