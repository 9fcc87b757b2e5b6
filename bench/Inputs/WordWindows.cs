namespace RingKit.Bench.Inputs;

/// <summary>A bitmap that is passed over window by window: small ones are copied into one place first, so that they are in the cache.</summary>
/// <remarks>
/// One small bitmap again and again would measure a branch predictor that knows it by heart: what it has seen once it has not seen in use. So the
/// windows go through a pattern of 2 MiB.
/// </remarks>
internal sealed class WordWindows
{
    public const int LeastKiB = 2048;

    private const int LargestWindowKiB = 256;
    private const int WindowKiBOfLarge = 32;

    private readonly ulong[] _all;
    private readonly ulong[]? _window;

    /// <param name="kibibytes">The window's size; where it is more than 256, the size of a bitmap that is read where it lies.</param>
    /// <param name="density">Which part of the bits is set, from 0 to 1.</param>
    /// <param name="shape">How they lie.</param>
    public WordWindows(int kibibytes, double density, DirtyShape shape)
    {
        _all = new ulong[Math.Max(kibibytes, LeastKiB) * 1024 / sizeof(ulong)];
        var pattern = new DirtyPattern(_all.Length, density, shape);
        pattern.Restore(_all);
        SetBits = pattern.DirtyPages;
        bool isCopied = kibibytes <= LargestWindowKiB;
        WindowLength = (isCopied ? kibibytes : WindowKiBOfLarge) * 1024 / sizeof(ulong);
        _window = isCopied ? new ulong[WindowLength] : null;
    }

    public long SetBits { get; }

    public int WindowLength { get; }

    public int Count => _all.Length / WindowLength;

    /// <summary>A window, valid until the next one is asked for.</summary>
    public ReadOnlySpan<ulong> this[int window]
    {
        get
        {
            ReadOnlySpan<ulong> words = _all.AsSpan(window * WindowLength, WindowLength);
            if (_window is null)
                return words;
            words.CopyTo(_window);
            return _window;
        }
    }
}
