using RingKit.DirtyRings;
using RingKit.Kvm.Guests;
using RingKit.Kvm.Registers;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Kvm.Tests.Differential;

/// <summary>The same machine twice: on the real kernel, and on the simulated one with all its defects.</summary>
internal abstract class MachinePair : IDisposable
{
    private const int ListBytes = 0x4000;

    private readonly GuestMemory _memory = new();
    private readonly KvmVm _vm;

    protected MachinePair(MachineShape shape, bool hasRings)
    {
        Shape = shape;
        Real = KernelProfile.NewMachine();
        _vm = new KvmVm(KernelProfile.Value, KvmFidelity.Faithful);
        try
        {
            if (hasRings)
            {
                ulong bytes = (ulong)shape.RingEntries * DirtyGfn.SizeInBytes;
                Assert.Equal(Errno.None, Real.EnableCap(KvmCapability.DirtyLogRingAcqRel, bytes));
                Assert.Equal(Errno.None, _vm.EnableCap(KvmCapability.DirtyLogRingAcqRel, bytes));
            }

            foreach (SlotShape slot in shape.AllSlots)
                AddSlot(slot);
            for (uint id = 0; id < shape.Vcpus; id++)
                Assert.Equal((Errno.None, Errno.None), (Real.CreateVcpu(id, out _), _vm.CreateVcpu()));
            Simulated = _vm.Build();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public MachineShape Shape { get; }

    public KvmMachine Real { get; }

    public KvmDirtyLog Simulated { get; } = null!;

    /// <summary>Where the memories differ, or null.</summary>
    public string? MemoryDifference
    {
        get
        {
            foreach (SlotShape slot in Shape.Slots)
            {
                ReadOnlySpan<byte> real = _memory.FindById(slot.Id)!.Memory.AsSpan(), simulated = SimulatedMachine.Memory.FindById(slot.Id)!.Memory.AsSpan();
                int common = real.CommonPrefixLength(simulated);
                if (common != real.Length)
                    return $"slot {slot.Id} differs at byte {common}, of page {common >> GuestPage.Shift}";
            }

            return null;
        }
    }

    protected VirtualMachine SimulatedMachine => _vm.Machine!;

    public void Dispose()
    {
        Real.Dispose();
        _vm.Dispose();
        _memory.Dispose();
    }

    /// <summary>Turns logging of a slot on or off.</summary>
    public virtual void SetLogging(SlotShape slot, bool isLogged)
    {
        KvmSlotTraits traits = isLogged ? KvmSlotTraits.LogDirtyPages : KvmSlotTraits.None;
        AssertSame(
            $"logging of slot {slot.Id}: {isLogged}",
            Real.SetSlotTraits(slot.Id, traits),
            _vm.SetUserMemoryRegion(slot.Id, traits, slot.BaseGfn << GuestPage.Shift, slot.PageCount << GuestPage.Shift));
    }

    /// <summary>Enables a capability on both.</summary>
    public Errno EnableCap(KvmCapability capability, ulong argument, uint flags = 0) => AssertSame(
        $"{capability} with {argument:x} and flags {flags}", Real.EnableCap(capability, argument, flags), Simulated.EnableCap(capability, argument, flags));

    protected T AssertSame<T>(string call, T real, T simulated)
    {
        Assert.True(EqualityComparer<T>.Default.Equals(real, simulated), $"{call}: the kernel {real}, the simulation {simulated}. {Shape}");
        return real;
    }

    /// <summary>Has a real vCPU begin a list of stores.</summary>
    protected void LoadReal(int vcpu, ReadOnlySpan<ulong> frames, int turns)
    {
        int list = (GuestProgram.FirstFreePage(Shape.Mode, Shape.MappedBytes) << GuestPage.Shift) + (vcpu * ListBytes);
        NativeView<byte> program = _memory.FindById(MachineShape.Program.Id)!.Memory;
        Assert.Equal(Errno.None, GuestProgram.LoadList(Real.Vcpus[vcpu], program, Shape.Mode, Shape.MappedBytes, list, frames, turns));
    }

    protected KvmExitReason RunReal(int vcpu)
    {
        KvmExit exit;
        do
            exit = Real.Vcpus[vcpu].Run();
        while (exit.Reason == KvmExitReason.Interrupted);
        Assert.True(exit.Reason is KvmExitReason.Halted or KvmExitReason.DirtyRingFull, $"{exit}\n{Real.Vcpus[vcpu].DumpRegisters()}");
        return exit.Reason;
    }

    /// <summary>How many of its stores a real vCPU has made.</summary>
    protected int MadeByReal(int vcpu, int count)
    {
        Assert.Equal(Errno.None, Real.Vcpus[vcpu].GetRegisters(out KvmRegisters registers));
        return count - GuestProgram.StoresLeft(in registers, Shape.Mode);
    }

    /// <summary>What a program's store writes.</summary>
    protected VcpuExit StoreSimulated(Vcpu vcpu, ulong gfn, int left) =>
        Shape.Mode == GuestMode.Real ? vcpu.Store(gfn << GuestPage.Shift, (ushort)left) : vcpu.Store(gfn << GuestPage.Shift, (ulong)left);

    private void AddSlot(SlotShape slot)
    {
        KvmSlotTraits traits = slot.IsLogged ? KvmSlotTraits.LogDirtyPages : KvmSlotTraits.None;
        MemorySlot memory = _memory.AddSlot(slot.Id, slot.BaseGfn, slot.PageCount);
        AssertSame(
            $"slot {slot.Id}",
            Real.SetMemoryRegion(slot.Id, traits, slot.BaseGfn << GuestPage.Shift, memory.Memory),
            _vm.SetUserMemoryRegion(slot.Id, traits, slot.BaseGfn << GuestPage.Shift, slot.PageCount << GuestPage.Shift));
    }
}
