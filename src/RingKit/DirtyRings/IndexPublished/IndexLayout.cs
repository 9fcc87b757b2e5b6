namespace RingKit.DirtyRings.IndexPublished;

/// <summary>Where the two shared indices of an index-published ring lie.</summary>
public enum IndexLayout
{
    /// <summary>The index of the producer at byte 0, that of the harvester at byte 128: on lines of their own.</summary>
    Separate,

    /// <summary>At bytes 0 and 4, as the proposal of 2019 had them: every publication takes the line away from the other side.</summary>
    OneLine,
}
