using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Streams;

/// <summary>The numbers of the migration stream; docs/migration.md has the fields. All of it is little-endian.</summary>
public static class MigrationFormat
{
    /// <summary>"RingKitM", as the first eight bytes.</summary>
    public const ulong Magic = 0x4d74694b676e6952;

    /// <summary>The version that this code writes, and the only one that it reads.</summary>
    public const uint Version = 1;

    /// <summary>The most pages with contents in a batch: 4 MiB of them.</summary>
    public const int MaximumBatchPages = 1024;

    /// <summary>The most runs of pages in a batch.</summary>
    public const int MaximumBatchRuns = 4096;

    /// <summary>The most slots.</summary>
    public const int MaximumSlots = 32767;

    /// <summary>The header up to the slots, in bytes.</summary>
    internal const int PreambleSize = 32;

    /// <summary>A slot of the header, in bytes.</summary>
    internal const int SlotSize = 24;

    /// <summary>A checksum, in bytes.</summary>
    internal const int ChecksumSize = sizeof(uint);

    /// <summary>What each record begins with, in bytes.</summary>
    internal const int RecordSize = 32;

    /// <summary>A run of a batch, in bytes.</summary>
    internal const int RunSize = 16;

    /// <summary>An acknowledgement, in bytes.</summary>
    internal const int AcknowledgementSize = 32;

    /// <summary>The largest body of a batch, in bytes, with its checksum.</summary>
    internal const int MaximumBodySize = (MaximumBatchRuns * RunSize) + (MaximumBatchPages * GuestPage.Size) + ChecksumSize;
}
