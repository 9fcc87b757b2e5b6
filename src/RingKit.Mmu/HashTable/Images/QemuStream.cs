using System.Text;

namespace RingKit.Mmu.HashTable.Images;

/// <summary>The sections of a migration stream, in their order, and what became of the table so far.</summary>
internal sealed class QemuStream(TableInput input, int maximumOrder) : IDisposable
{
    /// <summary>"QEVM".</summary>
    public const uint Magic = 0x5145_564D;

    private const uint Version = 3;
    private const string TableName = "spapr/htab";
    private const uint TableVersion = 1;
    private const uint NoTable = uint.MaxValue;

    private TableBuilder? _table;
    private int _order;
    private uint _tableId;
    private bool _isWhole;

    // The section that a footer may follow now. Old machine types write none.
    private uint? _footerOf;

    public HashedPageTable Read()
    {
        ReadHeader();
        while (true)
        {
            long offset = input.Position;
            var type = (QemuSectionType)input.ReadByte("the migration stream: it has no end marker");
            uint? footerOf = _footerOf;
            _footerOf = null;
            switch (type)
            {
                case QemuSectionType.EndOfStream:
                    ReadToEnd(offset);
                    return _table!.Build(_order);
                case QemuSectionType.Start or QemuSectionType.Full:
                    if (!ReadStart(type, offset))
                        return _table!.Build(_order);
                    break;
                case QemuSectionType.Part or QemuSectionType.End:
                    ReadPart(type, offset);
                    break;
                case QemuSectionType.Footer:
                    CheckFooter(footerOf, offset);
                    break;
                case QemuSectionType.Configuration:
                    input.Skip(input.ReadUInt32("the configuration"), "the configuration: the machine's name");
                    break;
                case QemuSectionType.VmDescription:
                    SkipDescription();
                    break;
                case QemuSectionType.Command:
                    _ = input.ReadUInt16("a command");
                    input.Skip(input.ReadUInt16("a command"), "a command");
                    break;
                case QemuSectionType.Subsection:
                    throw new TableFormatException(offset, $"a subsection '{ReadName()}', whose length only its device knows");
                default:
                    throw new TableFormatException(offset, $"a section of type 0x{(byte)type:X2}, which there is not");
            }
        }
    }

    public void Dispose() => _table?.Dispose();

    private void ReadHeader()
    {
        if (input.ReadUInt32("the migration stream's header") != Magic)
            throw new TableFormatException(0, "not a migration stream, which begins with QEVM");
        if (input.ReadUInt32("the migration stream's header") is not Version and var version)
            throw new TableFormatException(4, $"version {version} of the migration stream; {Version} is known");
    }

    /// <returns>False if it is another device's, behind a table that is whole: the stream cannot be read any further, and need not be.</returns>
    private bool ReadStart(QemuSectionType type, long offset)
    {
        uint id = input.ReadUInt32("a section's header");
        string name = ReadName();
        uint instance = input.ReadUInt32("a section's header");
        long versionOffset = input.Position;
        uint version = input.ReadUInt32("a section's header");
        if (name != TableName || instance != 0)
        {
            return _isWhole
                ? false
                : throw new TableFormatException(offset, $"a section of '{name}', instance {instance}, whose length only that device knows, before the table's end");
        }

        if (type == QemuSectionType.Full || _table is not null)
            throw new TableFormatException(offset, $"a second section {TableName}, or one in one piece");
        if (version != TableVersion)
            throw new TableFormatException(versionOffset, $"version {version} of {TableName}; {TableVersion} is known");

        _order = ReadOrder();
        _table = new TableBuilder();
        _tableId = id;
        _footerOf = id;
        return true;
    }

    private int ReadOrder()
    {
        long offset = input.Position;
        uint order = input.ReadUInt32("the table's order");
        if (order == NoTable)
            throw new TableFormatException(offset, "the guest has no hashed page table: it uses radix page tables");
        if (order < HptGeometry.MinimumOrder || order > maximumOrder)
            throw new TableFormatException(offset, $"a table of order {order}; accepted are {HptGeometry.MinimumOrder} to {maximumOrder}");
        return (int)order;
    }

    private void ReadPart(QemuSectionType type, long offset)
    {
        uint id = input.ReadUInt32("a section's header");
        if (_table is null || id != _tableId)
            throw new TableFormatException(offset, $"a part of section {id}, which has not begun");
        if (_isWhole)
            throw new TableFormatException(offset, $"a part of {TableName} behind its end");

        long headerOffset = input.Position;
        if (input.ReadUInt32($"a part of {TableName}") is not 0 and var header)
        {
            throw new TableFormatException(
                headerOffset,
                header == NoTable ? "the guest has no hashed page table: it uses radix page tables" : $"a part of {TableName} begins with {header} instead of 0");
        }

        while (true)
        {
            long recordOffset = input.Position;
            HtabRecord record = HtabRecord.Read(input, bigEndian: true);
            if (record == default)
                break;
            record.Check(new HptGeometry(_order).EntryCount, recordOffset);
            _table.Read(input, record, static (input, record, entries) => record.ReadEntries(input, entries));
        }

        _isWhole = type == QemuSectionType.End;
        _footerOf = id;
    }

    private void CheckFooter(uint? footerOf, long offset)
    {
        uint id = input.ReadUInt32("a section's footer");
        if (id != footerOf)
            throw new TableFormatException(offset, $"the footer of section {id}, where {(footerOf is { } other ? $"that of {other}" : "none")} was expected");
    }

    // QEMU writes a description of the stream behind the end marker.
    private void ReadToEnd(long offset)
    {
        if (_table is null)
            throw new TableFormatException(offset, $"the stream ends and has no section {TableName}: no hashed page table");
        if (!_isWhole)
            throw new TableFormatException(offset, $"the stream ends before the last part of {TableName}");

        if (input.Peek(1) is [(byte)QemuSectionType.VmDescription])
        {
            input.Skip(1, "");
            SkipDescription();
        }

        if (!input.AtEnd)
            throw new TableFormatException(input.Position, "the input goes on behind the end of the migration stream");
    }

    private void SkipDescription() =>
        input.Skip(input.ReadUInt32("the description of the stream"), "the description of the stream");

    private string ReadName()
    {
        Span<byte> name = stackalloc byte[byte.MaxValue];
        name = name[..input.ReadByte("a section's name")];
        input.ReadExactly(name, "a section's name");
        return Encoding.Latin1.GetString(name);
    }
}
