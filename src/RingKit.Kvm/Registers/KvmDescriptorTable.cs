using System.Runtime.InteropServices;

namespace RingKit.Kvm.Registers;

/// <summary>The register of a descriptor table, byte for byte Linux's <c>struct kvm_dtable</c>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
public record struct KvmDescriptorTable
{
    /// <summary>The table's first address.</summary>
    public ulong Base { get; set; }

    /// <summary>Its last byte, as an offset.</summary>
    public ushort Limit { get; set; }
}
