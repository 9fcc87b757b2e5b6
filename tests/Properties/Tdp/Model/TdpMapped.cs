namespace RingKit.Properties.Tdp.Model;

/// <summary>What the page table has when a program begins.</summary>
internal enum TdpMapped
{
    None,
    Large,
    Small,
    Remains,
}
