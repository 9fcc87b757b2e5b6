namespace RingKit.Mmu.HashTable.Images;

/// <summary>Reads the guest's hashed page table out of a QEMU migration stream: its section spapr/htab, instance 0, version 1.</summary>
/// <remarks>
/// All numbers of the stream are big-endian. A section that belongs to another device has a length that only the device knows, so the table's sections must come before the first of
/// these: cut the other ones out, or have QEMU send none. What comes after the table's end does not matter to it, and is read as far as it is of known length. With KVM the
/// section holds what KVM's stream does; with TCG it is the table itself. Of either, V loses the two bits that a hypervisor keeps there.
/// Source: QEMU docs/devel/migration, hw/ppc/spapr.c.
/// </remarks>
public static class QemuStreamReader
{
    /// <summary>Reads a stream.</summary>
    /// <param name="stream">Read from where it stands; not disposed. Compressed input is given as the stream that decompresses it.</param>
    /// <param name="maximumOrder">log2 of the largest size in bytes that is accepted, <see cref="HptGeometry.MinimumOrder"/> to <see cref="HptGeometry.MaximumOrder"/>.</param>
    /// <returns>The table; the caller disposes it.</returns>
    /// <remarks>
    /// Memory grows with the valid entries that arrive, and has the size that the stream names when the stream has been found whole. Pages that hold no entry cost nothing.
    /// </remarks>
    /// <exception cref="TableFormatException">The stream breaks off, is garbled, of another version, or of a guest without a hashed page table.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The maximum order is out of range.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory for the table.</exception>
    public static HashedPageTable Read(Stream stream, int maximumOrder = HptGeometry.MaximumOrder)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _ = new HptGeometry(maximumOrder);
        using var input = new TableInput(stream);
        return Read(input, maximumOrder);
    }

    internal static HashedPageTable Read(TableInput input, int maximumOrder)
    {
        using var stream = new QemuStream(input, maximumOrder);
        return stream.Read();
    }
}
