namespace RingKit.Properties.Tdp.Model;

/// <summary>What the host's thread forgets, for programs that must fail.</summary>
internal enum TdpMistake
{
    None,

    /// <summary>It does not wait for vCPUs: a fetch does not bring in their logs, a start not the end of fix-ups that saw the log off.</summary>
    ForgetsToSynchronize,

    /// <summary>TLBs keep what they have.</summary>
    ForgetsToFlush,
}
