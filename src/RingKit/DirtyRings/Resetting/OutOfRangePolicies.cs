namespace RingKit.DirtyRings.Resetting;

/// <summary>What goes with <see cref="OutOfRangePolicy"/>.</summary>
internal static class OutOfRangePolicies
{
    public static ArgumentOutOfRangeException Unknown(OutOfRangePolicy policy, string name) =>
        new(name, policy, "The policy must be RefusePages or RefuseBatch.");
}
