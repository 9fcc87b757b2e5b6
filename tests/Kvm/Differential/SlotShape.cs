namespace RingKit.Kvm.Tests.Differential;

/// <summary>A slot that both kernels get.</summary>
internal readonly record struct SlotShape(ushort Id, ulong BaseGfn, ulong PageCount, bool IsLogged);
