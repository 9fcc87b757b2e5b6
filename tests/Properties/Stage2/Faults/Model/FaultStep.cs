namespace RingKit.Properties.Stage2.Faults.Model;

/// <summary>What happens next in a random run, and what chooses where.</summary>
internal readonly record struct FaultStep(FaultStepKind Kind, int A, int B);
