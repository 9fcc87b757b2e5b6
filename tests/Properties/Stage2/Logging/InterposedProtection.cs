using RingKit.Mmu.DirtyLogging.Memslots;

namespace RingKit.Properties.Stage2.Logging;

/// <summary>A slot's protection in whose calls something else happens: what vCPUs may do at the worst moment.</summary>
internal readonly struct InterposedProtection(LoggedSlot slot) : IMemslotProtection
{
    public Action? BeforeProtect { get; init; }

    public Action? AfterProtect { get; init; }

    public Action? BeforeFlush { get; init; }

    public void Enter() => slot.Hypervisor.ProtectionOf(ref slot.Thread, slot.Slot).Enter();

    public void Exit() => slot.Hypervisor.ProtectionOf(ref slot.Thread, slot.Slot).Exit();

    public void ProtectAll() => slot.Hypervisor.ProtectionOf(ref slot.Thread, slot.Slot).ProtectAll();

    public void Protect(ulong firstPage, ulong mask)
    {
        BeforeProtect?.Invoke();
        slot.Hypervisor.ProtectionOf(ref slot.Thread, slot.Slot).Protect(firstPage, mask);
        AfterProtect?.Invoke();
    }

    public void Split(ulong firstPage, ulong count) => slot.Hypervisor.ProtectionOf(ref slot.Thread, slot.Slot).Split(firstPage, count);

    public void Flush()
    {
        BeforeFlush?.Invoke();
        slot.Hypervisor.ProtectionOf(ref slot.Thread, slot.Slot).Flush();
    }

    public void Sync()
    {
    }
}
