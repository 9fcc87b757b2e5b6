namespace RingKit.Properties.HashTable;

/// <summary>What a step of a random guest does.</summary>
internal enum HashStepKind
{
    Hypercall,
    Store,
    LateStore,
    Load,
    HostPage,
}
