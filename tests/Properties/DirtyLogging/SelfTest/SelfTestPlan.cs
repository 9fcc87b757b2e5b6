namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>Which pages an iteration leaves alone, so that there always are some: a few, half of them, or nearly all.</summary>
internal sealed class SelfTestPlan(int seed)
{
    public bool Writes(int page, ulong iteration)
    {
        ulong sixteenths = (Mixed(iteration) % 4) switch { 0 => 15, 1 => 8, 2 => 4, _ => 1 };
        return Mixed(iteration + ((ulong)page << 32)) % 16 < sixteenths;
    }

    private ulong Mixed(ulong value)
    {
        value = (value + (uint)seed + 1) * 0x9e3779b97f4a7c15;
        value = (value ^ (value >> 29)) * 0xbf58476d1ce4e5b9;
        return value ^ (value >> 32);
    }
}
