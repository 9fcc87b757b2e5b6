namespace RingKit.Properties.DirtyRings.Resizing;

/// <summary>Who changes the size of a ring.</summary>
internal enum Resizer
{
    /// <summary>The producer, before a push.</summary>
    Producer,

    /// <summary>The harvester, before a harvest.</summary>
    Harvester,

    /// <summary>The resetter, before a reset.</summary>
    Resetter,

    /// <summary>A thread that does nothing else.</summary>
    Another,
}
