namespace RingKit.Mmu.HashTable.Images;

/// <summary>The order of bytes in the headers of KVM's table stream: that of the host. The entries themselves are big-endian on every host.</summary>
public enum HtabByteOrder
{
    /// <summary>This machine's own.</summary>
    Native,

    /// <summary>A ppc64le or x86 host's.</summary>
    LittleEndian,

    /// <summary>A ppc64 host's, and what QEMU turns the headers into when it forwards them.</summary>
    BigEndian,
}
