using System.Runtime.InteropServices;

namespace RingKit.Kvm.Registers;

/// <summary>A vCPU's general registers, byte for byte Linux's <c>struct kvm_regs</c> of x86-64.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct KvmRegisters
{
    /// <summary>RAX.</summary>
    public ulong Rax { get; set; }

    /// <summary>RBX.</summary>
    public ulong Rbx { get; set; }

    /// <summary>RCX.</summary>
    public ulong Rcx { get; set; }

    /// <summary>RDX.</summary>
    public ulong Rdx { get; set; }

    /// <summary>RSI.</summary>
    public ulong Rsi { get; set; }

    /// <summary>RDI.</summary>
    public ulong Rdi { get; set; }

    /// <summary>The stack pointer.</summary>
    public ulong Rsp { get; set; }

    /// <summary>RBP.</summary>
    public ulong Rbp { get; set; }

    /// <summary>R8.</summary>
    public ulong R8 { get; set; }

    /// <summary>R9.</summary>
    public ulong R9 { get; set; }

    /// <summary>R10.</summary>
    public ulong R10 { get; set; }

    /// <summary>R11.</summary>
    public ulong R11 { get; set; }

    /// <summary>R12.</summary>
    public ulong R12 { get; set; }

    /// <summary>R13.</summary>
    public ulong R13 { get; set; }

    /// <summary>R14.</summary>
    public ulong R14 { get; set; }

    /// <summary>R15.</summary>
    public ulong R15 { get; set; }

    /// <summary>Where the guest goes on.</summary>
    public ulong Rip { get; set; }

    /// <summary>The flags; bit 1 is always set.</summary>
    public ulong Rflags { get; set; }
}
