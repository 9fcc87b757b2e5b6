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
        Layout = new SlotLayout(shape);
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

    /// <summary>Where the shape's slots are now.</summary>
    public SlotLayout Layout { get; }

    /// <summary>Slots that went, came or moved.</summary>
    public int SlotChanges { get; private set; }

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

    /// <summary>Turns logging of a slot that is there on or off.</summary>
    public void SetLogging(SlotShape slot, bool isLogged)
    {
        slot = slot with { IsLogged = isLogged };
        KvmSlotTraits traits = TraitsOf(slot);
        AssertSame($"logging of slot {slot.Id}: {isLogged}", Real.SetSlotTraits(slot.Id, traits), _vm.SetUserMemoryRegion(slot.Id, traits, AddressOf(slot), BytesOf(slot)));
        Changed(Layout.Find(slot.Id), slot);
        Layout.Put(slot);
    }

    /// <summary>Deletes a slot, which may be gone already.</summary>
    public void Delete(ushort id)
    {
        Errno error = AssertSame($"deletion of slot {id}", Real.DeleteMemoryRegion(id), _vm.SetUserMemoryRegion(id, KvmSlotTraits.None, 0, 0));
        SlotShape? before = Layout.Find(id);
        Assert.Equal(before is null ? Errno.Invalid : Errno.None, error);
        if (before is null)
            return;
        Changed(before, now: null);
        Layout.Delete(id);
        SlotChanges++;
    }

    /// <summary>Makes a slot of the shape again, moves it, or changes its logging; or is refused, since another is there.</summary>
    public void Put(SlotShape slot)
    {
        Errno error = AssertSame(
            $"{slot} where there was {Layout}",
            Real.SetMemoryRegion(slot.Id, TraitsOf(slot), AddressOf(slot), _memory.FindById(slot.Id)!.Memory),
            _vm.SetUserMemoryRegion(slot.Id, TraitsOf(slot), AddressOf(slot), BytesOf(slot)));
        bool overlaps = Layout.Slots.Append(MachineShape.Program).Any(
            other => other.Id != slot.Id && slot.BaseGfn < other.BaseGfn + other.PageCount && other.BaseGfn < slot.BaseGfn + slot.PageCount);
        Assert.Equal(overlaps ? Errno.Exists : Errno.None, error);
        if (overlaps)
            return;
        SlotShape? before = Layout.Find(slot.Id);
        SlotChanges += before?.BaseGfn == slot.BaseGfn ? 0 : 1;
        Changed(before, slot);
        Layout.Put(slot);
    }

    /// <summary>Has the simulation alone delete a slot, and make it again where it was.</summary>
    public void RenewSimulated(SlotShape slot)
    {
        Assert.Equal(Errno.None, _vm.SetUserMemoryRegion(slot.Id, KvmSlotTraits.None, 0, 0));
        Assert.Equal(Errno.None, _vm.SetUserMemoryRegion(slot.Id, TraitsOf(slot), AddressOf(slot), BytesOf(slot)));
    }

    /// <summary>Asks for a slot that neither gives.</summary>
    public void Refuse(uint id, KvmSlotTraits traits, ulong address, ulong size)
    {
        NativeView<byte> memory = (_memory.FindById(id) ?? _memory.Slots.MaxBy(slot => slot.PageCount)!).Memory.Slice(0, (nuint)size);
        Errno error = AssertSame(
            $"slot {id:x} of {size} bytes at {address:x}, {traits}", Real.SetMemoryRegion(id, traits, address, memory), _vm.SetUserMemoryRegion(id, traits, address, size));
        Assert.Equal(Errno.Invalid, error);
    }

    /// <summary>Enables a capability on both.</summary>
    public Errno EnableCap(KvmCapability capability, ulong argument, uint flags = 0) => AssertSame(
        $"{capability} with {argument:x} and flags {flags}", Real.EnableCap(capability, argument, flags), Simulated.EnableCap(capability, argument, flags));

    /// <summary>A slot has changed in both machines: it is gone, or there, or elsewhere, or logged or not.</summary>
    /// <param name="before">What it was, or null.</param>
    /// <param name="now">What it is, or null.</param>
    protected virtual void Changed(SlotShape? before, SlotShape? now)
    {
    }

    protected T AssertSame<T>(string call, T real, T simulated)
    {
        if (!EqualityComparer<T>.Default.Equals(real, simulated))
            Assert.Fail($"{call}: the kernel {real}, the simulation {simulated}. {Shape}; now: {Layout}");
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
        MemorySlot memory = _memory.AddSlot(slot.Id, slot.BaseGfn, slot.PageCount);
        AssertSame(
            $"slot {slot.Id}",
            Real.SetMemoryRegion(slot.Id, TraitsOf(slot), AddressOf(slot), memory.Memory),
            _vm.SetUserMemoryRegion(slot.Id, TraitsOf(slot), AddressOf(slot), BytesOf(slot)));
    }

    private static KvmSlotTraits TraitsOf(SlotShape slot) => slot.IsLogged ? KvmSlotTraits.LogDirtyPages : KvmSlotTraits.None;

    private static ulong AddressOf(SlotShape slot) => slot.BaseGfn << GuestPage.Shift;

    private static ulong BytesOf(SlotShape slot) => slot.PageCount << GuestPage.Shift;
}
