namespace RingKit.Bench.HashTable;

/// <summary>How a guest's frames lie among its virtual addresses, and so in its table: what a walk by frames meets.</summary>
internal enum FrameOrder
{
    /// <summary>Anywhere, as in a guest whose processes have come and gone.</summary>
    Scattered,

    /// <summary>One after the other, as a kernel maps its memory: the walk goes through the table in steps that the processor foresees.</summary>
    InSequence,
}
