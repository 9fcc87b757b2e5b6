namespace RingKit.Bench.Inputs;

/// <summary>Who watches the guest's stores.</summary>
public enum LogKind
{
    None,
    Bitmap,
    Ring,
}
