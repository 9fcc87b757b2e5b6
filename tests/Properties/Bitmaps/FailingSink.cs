using RingKit.Bitmaps;

namespace RingKit.Properties.Bitmaps;

/// <summary>Takes so many masks or runs, and throws at the next one.</summary>
internal struct FailingSink(int failAt, List<(ulong First, ulong Value)> taken) : IDirtyMaskSink, IDirtyRunSink
{
    public readonly void Accept(ulong firstPage, ulong value)
    {
        if (taken.Count == failAt)
            throw new IOException("The transfer failed.");
        taken.Add((firstPage, value));
    }
}
