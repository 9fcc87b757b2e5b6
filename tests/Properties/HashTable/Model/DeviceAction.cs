namespace RingKit.Properties.HashTable.Model;

/// <summary>What a thread of a <see cref="DeviceProgram"/> can do.</summary>
internal enum DeviceAction
{
    /// <summary>A store faults at the entry, and the thread's vCPU may remember that it is a device's.</summary>
    Access,

    /// <summary>H_REMOVE.</summary>
    Remove,

    /// <summary>H_ENTER.</summary>
    Enter,

    /// <summary>The slot is given back.</summary>
    Set,

    /// <summary>The slot is taken away.</summary>
    Unset,
}
