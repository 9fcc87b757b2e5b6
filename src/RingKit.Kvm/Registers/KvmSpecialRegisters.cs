using System.Runtime.InteropServices;

namespace RingKit.Kvm.Registers;

/// <summary>A vCPU's segments, descriptor tables and control registers, byte for byte Linux's <c>struct kvm_sregs</c> of x86-64.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct KvmSpecialRegisters
{
    /// <summary>The code segment.</summary>
    public KvmSegment Cs { get; set; }

    /// <summary>The data segment.</summary>
    public KvmSegment Ds { get; set; }

    /// <summary>An extra segment.</summary>
    public KvmSegment Es { get; set; }

    /// <summary>An extra segment.</summary>
    public KvmSegment Fs { get; set; }

    /// <summary>An extra segment.</summary>
    public KvmSegment Gs { get; set; }

    /// <summary>The stack segment.</summary>
    public KvmSegment Ss { get; set; }

    /// <summary>The task register.</summary>
    public KvmSegment Tr { get; set; }

    /// <summary>The local descriptor table.</summary>
    public KvmSegment Ldt { get; set; }

    /// <summary>The global descriptor table.</summary>
    public KvmDescriptorTable Gdt { get; set; }

    /// <summary>The interrupt descriptor table.</summary>
    public KvmDescriptorTable Idt { get; set; }

    /// <summary>CR0: modes.</summary>
    public ulong Cr0 { get; set; }

    /// <summary>CR2: the address of the last page fault.</summary>
    public ulong Cr2 { get; set; }

    /// <summary>CR3: the page tables.</summary>
    public ulong Cr3 { get; set; }

    /// <summary>CR4: modes.</summary>
    public ulong Cr4 { get; set; }

    /// <summary>CR8: the task priority.</summary>
    public ulong Cr8 { get; set; }

    /// <summary>EFER: modes.</summary>
    public ulong Efer { get; set; }

    /// <summary>Where the local interrupt controller is.</summary>
    public ulong ApicBase { get; set; }

    /// <summary>Interrupts 0 to 63, of which at most one of all 256 is pending.</summary>
    public ulong Interrupts0 { get; set; }

    /// <summary>Interrupts 64 to 127.</summary>
    public ulong Interrupts1 { get; set; }

    /// <summary>Interrupts 128 to 191.</summary>
    public ulong Interrupts2 { get; set; }

    /// <summary>Interrupts 192 to 255.</summary>
    public ulong Interrupts3 { get; set; }
}
