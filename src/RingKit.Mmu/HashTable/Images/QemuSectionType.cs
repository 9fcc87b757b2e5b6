namespace RingKit.Mmu.HashTable.Images;

/// <summary>The byte that begins a section of a QEMU migration stream.</summary>
internal enum QemuSectionType : byte
{
    EndOfStream = 0x00,
    Start = 0x01,
    Part = 0x02,
    End = 0x03,
    Full = 0x04,
    Subsection = 0x05,
    VmDescription = 0x06,
    Configuration = 0x07,
    Command = 0x08,
    Footer = 0x7E,
}
