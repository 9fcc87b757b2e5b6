using RingKit.Properties.Bitmaps;
using RingKit.Properties.Bitmaps.Clients;
using RingKit.Properties.Bitmaps.Phases;
using RingKit.Properties.Bitmaps.Trackers;
using RingKit.Properties.DirtyLogging.Adaptive;
using RingKit.Properties.DirtyLogging.Writes;
using RingKit.Properties.DirtyRings;
using RingKit.Properties.DirtyRings.IndexPublished;
using RingKit.Properties.DirtyRings.Overflow;
using RingKit.Properties.DirtyRings.Resizing;
using RingKit.Properties.HashTable.Model;
using RingKit.Properties.Rings;
using RingKit.Properties.Stage2.Faults.Interleaving;
using RingKit.Properties.Stage2.Model;
using RingKit.Properties.Tdp.Model;

namespace RingKit.Properties.Interleaving;

/// <summary>Every structure that stands before the explorer.</summary>
internal static class ExploredStructures
{
    public static IReadOnlyList<ExploredStructure> All { get; } =
    [
        new ExploredDirtyRing(),
        new ExploredIndexPublishedRing(),
        new ExploredOverflowingRing(),
        new ExploredResizableRing(),
        new ExploredBitmap(),
        new ExploredSummaryBitmap(),
        new ExploredByteMap(),
        new ExploredDirtyList(),
        new ExploredPhases(),
        new ExploredClients(),
        new ExploredAdaptiveLog(),
        new ExploredWriteMarking(),
        new ExploredSpscRing(),
        new ExploredMpscRing(),
        new ExploredBroadcastRing(),
        new ExploredHashTable(),
        new ExploredShadowMmu(),
        new ExploredStage2(),
        new ExploredMmuLock(),
        new ExploredDeviceEntries(),
        new ExploredFaults(),
        new ExploredTdp(),
    ];
}
