using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Memslots;

/// <summary>A slot's pages, whether they are writable, and whether the vCPU remembers that they were.</summary>
internal sealed class FlatTable(int pages)
{
    public bool[] IsWritable { get; } = new bool[pages];

    public bool[] IsRemembered { get; } = new bool[pages];

    public bool IsLocked { get; set; }

    public List<string> Calls { get; } = [];

    public FlatProtection Protection => new(this);

    /// <summary>A store: through what is remembered; else the page is made writable, if it is not, and marked then.</summary>
    public void Store(MemslotLog<HardwareOrdering> log, ulong page)
    {
        if (!IsRemembered[page] && !IsWritable[page])
        {
            IsWritable[page] = true;
            log.Mark(page);
        }

        IsRemembered[page] = true;
    }

    /// <summary>What was asked for since the last call.</summary>
    public string TakeCalls()
    {
        string calls = string.Join(", ", Calls);
        Calls.Clear();
        return calls;
    }

    /// <summary>No page can be written, through the table or what is remembered, unless the log has it.</summary>
    public void AssertNoneIsLost(MemslotLog<HardwareOrdering> log)
    {
        for (ulong page = 0; page < log.Pages; page++)
        {
            if ((IsWritable[page] || IsRemembered[page]) && !log.IsDirty(page))
                Assert.Fail($"page {page} is writable and unrecorded");
        }
    }
}
