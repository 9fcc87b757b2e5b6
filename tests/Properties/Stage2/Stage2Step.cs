namespace RingKit.Properties.Stage2;

/// <summary>An operation of a random run, and what chooses its arguments.</summary>
internal readonly record struct Stage2Step(Stage2StepKind Kind, int A, int B, int C);
