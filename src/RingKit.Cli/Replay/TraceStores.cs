using System.Collections.Immutable;
using RingKit.Cli.Traces;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>The stores of a trace, modifies included, with guest frames in place of the traced program's pages, as a replay gives them.</summary>
internal sealed class TraceStores
{
    /// <summary>Of a longer trace only so many are taken: 256 MiB.</summary>
    public const int Most = 1 << 24;

    private const int BatchSize = 4096;

    private readonly ImmutableArray<TraceStore>.Builder _stores = ImmutableArray.CreateBuilder<TraceStore>();

    private TraceStores()
    {
    }

    /// <summary>How many there are.</summary>
    public int Count => All.Length;

    /// <summary>All of them, in their order.</summary>
    public ImmutableArray<TraceStore> All { get; private set; } = [];

    /// <summary>The lowest frame above those that they go to.</summary>
    public ulong EndGfn { get; private set; }

    /// <summary>How many pages they go to.</summary>
    public int DistinctPages { get; private set; }

    /// <summary>Whether the trace has more than <see cref="Most"/>, which are left out.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Reads the stores of a trace.</summary>
    /// <param name="trace">Its text.</param>
    /// <param name="pages">The guest's pages.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="TraceException">The trace cannot be read, touches more pages than the guest has, or has no stores.</exception>
    public static TraceStores Read(LackeyReader trace, ulong pages, CancellationToken cancellation = default)
    {
        var stores = new TraceStores();
        var frames = new FrameMap(pages);
        var stored = new PageSet();
        var batch = new TraceAccess[BatchSize];
        for (int count; !stores.IsCut && (count = trace.Read(batch)) > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (ref readonly TraceAccess access in batch.AsSpan(0, count))
                stores.Add(trace.Name, in access, frames, stored);
        }

        stores.DistinctPages = stored.Count;
        stores.All = stores._stores.DrainToImmutable();
        return stores.Count > 0 ? stores : throw new TraceException(trace.Name, trace.Lines, "the trace ends without a store: nothing for a guest to do");
    }

    /// <summary>A vCPU's part: as many stores as the others have, one behind the other. Every vCPU gets at least one.</summary>
    public TraceStore[] PartOf(int vcpu, int vcpus)
    {
        int first = (int)Math.Min((long)Count * vcpu / vcpus, Count - 1);
        int end = (int)Math.Max((long)Count * (vcpu + 1) / vcpus, first + 1);
        return [.. All.AsSpan(first..end)];
    }

    private void Add(string file, in TraceAccess access, FrameMap frames, PageSet stored)
    {
        // An access may cross into the next page, whose frame need not be the next; no access crosses two.
        ulong inFirst = Math.Min(access.Size, GuestPage.Size - (access.Address & GuestPage.OffsetMask));
        Add(file, in access, access.Address, (ushort)inFirst, frames, stored);
        if (inFirst < access.Size)
            Add(file, in access, access.Address + inFirst, (ushort)(access.Size - inFirst), frames, stored);
    }

    private void Add(string file, in TraceAccess access, ulong address, ushort size, FrameMap frames, PageSet stored)
    {
        if (!frames.TryGetFrame(address >> GuestPage.Shift, out ulong gfn))
            throw new TraceException(file, access.Line, "the trace touches more pages than --memory holds: give it more, at most 1T");
        if (access.Kind is not (TraceAccessKind.Store or TraceAccessKind.Modify))
            return;

        IsCut = _stores.Count == Most;
        if (IsCut)
            return;
        _stores.Add(new TraceStore(gfn << GuestPage.Shift | address & GuestPage.OffsetMask, size));
        stored.Add(gfn);
        EndGfn = Math.Max(EndGfn, gfn + 1);
    }
}
