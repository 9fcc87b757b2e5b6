using System.Runtime.InteropServices;

namespace RingKit.Kvm.Registers;

/// <summary>A segment register with what the processor has read of its descriptor, byte for byte Linux's <c>struct kvm_segment</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct KvmSegment
{
    /// <summary>The segment's first address.</summary>
    public ulong Base { get; set; }

    /// <summary>Its last byte, as an offset.</summary>
    public uint Limit { get; set; }

    /// <summary>The register's visible part.</summary>
    public ushort Selector { get; set; }

    /// <summary>The descriptor's type: 3 for data, 11 for code, both accessed.</summary>
    public byte Type { get; set; }

    /// <summary>1 if the segment is present.</summary>
    public byte Present { get; set; }

    /// <summary>The privilege level, 0 to 3.</summary>
    public byte Dpl { get; set; }

    /// <summary>1 for 32-bit operands and addresses.</summary>
    public byte Db { get; set; }

    /// <summary>1 for code and data, 0 for system segments.</summary>
    public byte S { get; set; }

    /// <summary>1 for 64-bit code.</summary>
    public byte L { get; set; }

    /// <summary>1 for a limit in pages.</summary>
    public byte G { get; set; }

    /// <summary>A bit that is the guest's own.</summary>
    public byte Avl { get; set; }

    /// <summary>1 for a register that nothing may be addressed by.</summary>
    public byte Unusable { get; set; }

    /// <summary>Nothing.</summary>
    public byte Padding { get; set; }
}
