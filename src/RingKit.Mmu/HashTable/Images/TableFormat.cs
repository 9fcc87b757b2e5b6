namespace RingKit.Mmu.HashTable.Images;

/// <summary>How a table is written down.</summary>
public enum TableFormat
{
    /// <summary>The table's memory and nothing else, <see cref="RawTableReader"/>.</summary>
    RawDump,

    /// <summary>What KVM's KVM_PPC_GET_HTAB_FD gives, <see cref="HtabStreamReader"/>.</summary>
    KvmHtabStream,

    /// <summary>A QEMU migration stream with a section spapr/htab, <see cref="QemuStreamReader"/>.</summary>
    QemuMigrationStream,
}
