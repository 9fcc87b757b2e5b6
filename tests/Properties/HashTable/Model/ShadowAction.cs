namespace RingKit.Properties.HashTable.Model;

/// <summary>What a thread of a <see cref="ShadowProgram"/> can do.</summary>
internal enum ShadowAction
{
    /// <summary>Maps frame 0 writable.</summary>
    Map0,

    /// <summary>Maps frame 1 writable.</summary>
    Map1,

    /// <summary>Drops the translation to frame 0.</summary>
    Unmap0,

    /// <summary>Logging starts.</summary>
    Start,

    /// <summary>Marks are taken, and all translations dropped.</summary>
    Fetch,
}
