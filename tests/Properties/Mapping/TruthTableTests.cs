using System.Globalization;
using RingKit.Mmu;
using RingKit.Mmu.Mapping;
using Xunit;

namespace RingKit.Properties.Mapping;

/// <summary>
/// Every row and column of truth-table.csv, through real slots, files and attributes. Cells of recovery: the level, (W) for a warning, "refused"
/// while the slot logs. Cells of faults: goal/requested level, for an access of the kind that the attribute names, and for the other if it says so.
/// </summary>
public sealed class TruthTableTests
{
    private const ulong BaseGfn = 0x40000;
    private const ulong Pages = 1 << 18;
    private const ulong Gfn = BaseGfn + 0x250;
    private const ulong UserspaceAddress = 0x7F00_0000_0000;
    private const ulong Pfn = Gfn + (0x10ul << 18);

    private static readonly string[][] Rows = [.. File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Mapping", "truth-table.csv"))
        .Skip(1)
        .Select(line => line.Split(','))];

    public static TheoryData<int> RowNumbers => [.. Enumerable.Range(1, 32)];

    [Fact]
    public void The_table_has_32_rows_in_order()
    {
        Assert.Equal(Enumerable.Range(1, 32), Rows.Select(row => int.Parse(row[0], CultureInfo.InvariantCulture)));
        Assert.All(Rows, row => Assert.Equal(14, row.Length));
    }

    [Theory]
    [MemberData(nameof(RowNumbers))]
    public void Recovery_and_faults_give_the_level_of_the_row(int number)
    {
        string[] row = Rows[number - 1];
        MappingSpace space = SpaceOf(row);
        Assert.Equal(LevelOf(row[3]), space.LargePagesAt(Gfn).MaximumAt(Gfn, MappingLevel.Size1G));
        foreach (MappingForm form in Enum.GetValues<MappingForm>())
        {
            int column = 8 + (2 * (int)form);
            Assert.Equal(row[column], Text(MaxMappingLevel.ForRecovery(form, space, Gfn)));

            bool isPrivate = row[2] == "1";
            string[] cell = row[column + 1].Split("; shared access ");
            var fault = new MappingFault(Gfn, Pfn, isPrivate, IsExecute: row[7] == "1");
            Assert.Equal(cell[0], Text(FaultAdjustment.Adjust(form, space, fault)));
            Assert.Equal(cell.Length > 1 ? cell[1] : "MEMFAULT", Text(FaultAdjustment.Adjust(form, space, fault with { IsPrivate = !isPrivate })));
        }
    }

    [Fact]
    public void A_machine_of_kvm_has_no_slot_of_the_rows_that_log_guest_memfd()
    {
        string[][] logged = [.. Rows.Where(row => row[6] == "1" && row[1] != "none")];
        Assert.Equal(3, logged.Length);
        foreach (string[] row in logged)
        {
            var space = new MappingSpace();
            Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(RegionOf(row, space)));
            Assert.Empty(space.Slots);
        }
    }

    private static MappingSpace SpaceOf(string[] row)
    {
        var space = new MappingSpace(new MappingOptions { LogsGuestMemfd = true, NxHugePages = row[7] == "1" });
        UserMemoryRegion region = RegionOf(row, space);
        if (row[4] != "-")
            region.Gmem!.SetOrder(0, Pages, int.Parse(row[4], CultureInfo.InvariantCulture));
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(region));
        if (row[2] == "1")
            Assert.Equal(Errno.None, space.SetMemoryAttributes(BaseGfn << 12, Pages << 12, MemoryAttributes.Private));
        space.Host.Map(UserspaceAddress, Pages << 12, LevelOf(row[5]));
        if (row[3] != "1G")
            space.LargePagesAt(Gfn).AddWriteTracked(row[3] == "2M" ? BaseGfn : Gfn + 1);
        return space;
    }

    private static UserMemoryRegion RegionOf(string[] row, MappingSpace space)
    {
        GuestMemfd? file = null;
        MappingSlotTraits flags = row[6] == "1" ? MappingSlotTraits.LogDirtyPages : MappingSlotTraits.None;
        if (row[1] != "none")
        {
            flags |= MappingSlotTraits.GuestMemfd;
            Assert.Equal(Errno.None, space.CreateGuestMemfd(Pages << 12, row[1] == "shared" ? GuestMemfdTraits.Mmap : GuestMemfdTraits.None, out file));
        }

        return new UserMemoryRegion(0, BaseGfn << 12, Pages << 12, UserspaceAddress, flags, file);
    }

    private static MappingLevel LevelOf(string text) => text switch
    {
        "4K" => MappingLevel.Size4K,
        "2M" => MappingLevel.Size2M,
        "1G" => MappingLevel.Size1G,
        _ => throw new FormatException($"'{text}' is no level."),
    };

    private static string Text(RecoveryLevel level) =>
        level.Warnings == MappingWarnings.DirtyTracked ? "refused" : Text(level.Level) + Text(level.Warnings);

    private static string Text(AdjustedFault fault) =>
        fault.IsMemoryFault ? "MEMFAULT" : $"{Text(fault.GoalLevel)}/{Text(fault.RequestedLevel)}{Text(fault.Warnings)}";

    private static string Text(MappingWarnings warnings) => warnings switch
    {
        MappingWarnings.None => "",
        MappingWarnings.OrderOfNoLevel or MappingWarnings.NoFrameWithoutFault => "(W)",
        _ => warnings.ToString(),
    };

    private static string Text(MappingLevel level) => level.ToString()["Size".Length..];
}
