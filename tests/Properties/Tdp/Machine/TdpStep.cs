namespace RingKit.Properties.Tdp.Machine;

/// <summary>A step of a random life.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="A">Chooses a page.</param>
/// <param name="B">Chooses a length, a level, or a vCPU.</param>
internal readonly record struct TdpStep(TdpStepKind Kind, int A, int B);
