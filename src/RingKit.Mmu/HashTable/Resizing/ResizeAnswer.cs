namespace RingKit.Mmu.HashTable.Resizing;

/// <summary>What KVM answers to the preparation of a resize.</summary>
/// <param name="Error"><see cref="Errno.None"/>: it goes on, or is done.</param>
/// <param name="EstimatedMilliseconds">How long it may take until it is worth asking again; 0 when the table is ready.</param>
public readonly record struct ResizeAnswer(Errno Error, int EstimatedMilliseconds = 0)
{
    /// <summary>A refusal.</summary>
    public static implicit operator ResizeAnswer(Errno error) => new(error);
}
