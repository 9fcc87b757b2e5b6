using RingKit.Kvm.Native;
using RingKit.Kvm.Registers;
using RingKit.Mmu;

namespace RingKit.Kvm;

/// <content>Registers. While a thread is in <see cref="Run"/> they answer <see cref="Errno.Busy"/>: KVM would wait until it comes out.</content>
public sealed unsafe partial class KvmVcpu
{
    private const ulong FixedFlags = 2;

    /// <summary>Reads the general registers: KVM_GET_REGS.</summary>
    /// <param name="registers">The registers, if there is no error.</param>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public Errno GetRegisters(out KvmRegisters registers)
    {
        fixed (KvmRegisters* argument = &registers)
            return Ask(KvmRequest.GetRegs, argument);
    }

    /// <summary>Sets the general registers: KVM_SET_REGS.</summary>
    /// <param name="registers">All of them.</param>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public Errno SetRegisters(in KvmRegisters registers)
    {
        fixed (KvmRegisters* argument = &registers)
            return Ask(KvmRequest.SetRegs, argument);
    }

    /// <summary>Reads segments and control registers: KVM_GET_SREGS.</summary>
    /// <param name="registers">The registers, if there is no error.</param>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public Errno GetSpecialRegisters(out KvmSpecialRegisters registers)
    {
        fixed (KvmSpecialRegisters* argument = &registers)
            return Ask(KvmRequest.GetSregs, argument);
    }

    /// <summary>Sets segments and control registers: KVM_SET_SREGS.</summary>
    /// <param name="registers">All of them.</param>
    /// <returns><see cref="Errno.Invalid"/> for modes that do not go together.</returns>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public Errno SetSpecialRegisters(in KvmSpecialRegisters registers)
    {
        fixed (KvmSpecialRegisters* argument = &registers)
            return Ask(KvmRequest.SetSregs, argument);
    }

    /// <summary>Has the guest begin in real mode: all segments at address 0, interrupts off, all other registers 0.</summary>
    /// <param name="entry">Where, below 64 KiB.</param>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public Errno EnterRealMode(ushort entry)
    {
        Errno error = GetSpecialRegisters(out KvmSpecialRegisters special);
        if (error != Errno.None)
            return error;
        special = special with
        {
            Cs = AtZero(special.Cs),
            Ds = AtZero(special.Ds),
            Es = AtZero(special.Es),
            Fs = AtZero(special.Fs),
            Gs = AtZero(special.Gs),
            Ss = AtZero(special.Ss),
        };
        error = SetSpecialRegisters(in special);
        return error != Errno.None ? error : SetRegisters(new KvmRegisters { Rip = entry, Rflags = FixedFlags });
    }

    /// <summary>Has the guest begin in 64-bit mode at the highest privilege, interrupts off.</summary>
    /// <param name="tables">Where <see cref="LongMode.WriteIdentityMap"/> has put page tables.</param>
    /// <param name="registers">The general registers: where it begins, its stack, and what it is to find in the others.</param>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public Errno EnterLongMode(ulong tables, in KvmRegisters registers)
    {
        Errno error = GetSpecialRegisters(out KvmSpecialRegisters special);
        if (error != Errno.None)
            return error;
        LongMode.Enter(ref special, tables);
        error = SetSpecialRegisters(in special);
        return error != Errno.None ? error : SetRegisters(registers with { Rflags = registers.Rflags | FixedFlags });
    }

    /// <summary>The registers as text, for a guest that did what it should not.</summary>
    public string DumpRegisters()
    {
        Errno error = GetRegisters(out KvmRegisters r);
        KvmSpecialRegisters s = default;
        if (error == Errno.None)
            error = GetSpecialRegisters(out s);
        if (error != Errno.None)
            return $"The registers of vCPU {Id} cannot be read: {error}.";

        return $"""
            rip {r.Rip:x16}  rflags {r.Rflags:x16}  rsp {r.Rsp:x16}  rbp {r.Rbp:x16}
            rax {r.Rax:x16}  rbx {r.Rbx:x16}  rcx {r.Rcx:x16}  rdx {r.Rdx:x16}
            rsi {r.Rsi:x16}  rdi {r.Rdi:x16}  r8  {r.R8:x16}  r9  {r.R9:x16}
            r10 {r.R10:x16}  r11 {r.R11:x16}  r12 {r.R12:x16}  r13 {r.R13:x16}
            r14 {r.R14:x16}  r15 {r.R15:x16}  cs  {s.Cs.Selector:x4}:{s.Cs.Base:x}  ss {s.Ss.Selector:x4}:{s.Ss.Base:x}
            cr0 {s.Cr0:x16}  cr2 {s.Cr2:x16}  cr3 {s.Cr3:x16}  cr4 {s.Cr4:x16}  efer {s.Efer:x}
            """;
    }

    private static KvmSegment AtZero(KvmSegment segment) => segment with { Base = 0, Selector = 0 };

    private Errno Ask(nuint request, void* argument)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _isInRun ? Errno.Busy : Libc.Ioctl(_parts.File, request, argument) < 0 ? Libc.LastError : Errno.None;
        }
    }
}
