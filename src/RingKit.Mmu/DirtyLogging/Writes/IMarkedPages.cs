using RingKit.Bitmaps;

namespace RingKit.Mmu.DirtyLogging.Writes;

/// <summary>Where the marks of a slot's pages are.</summary>
internal interface IMarkedPages
{
    /// <summary>They are made when they are asked for first.</summary>
    IDirtyTracker Tracker { get; }
}
