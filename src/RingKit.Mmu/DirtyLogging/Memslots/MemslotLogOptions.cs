using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Mmu.DirtyLogging.Memslots;

/// <summary>How a slot's log is fetched and cleared.</summary>
public sealed record MemslotLogOptions
{
    /// <summary>Who takes pages out of the log.</summary>
    public ManualProtect ManualProtect { get; init; }

    /// <summary>What is protected for a word of the bitmap.</summary>
    public MaskedProtection Protection { get; init; }

    /// <summary>
    /// Whether a fetch into memory that cannot take it leaves the log as it is. KVM finds out when pages were taken already, and they are lost.
    /// </summary>
    public bool KeepsLogOnBadAddress { get; init; } = true;

    /// <summary>Past bugs to bring back, for the tests that have to find them.</summary>
    internal Stage2Defects Defects { get; init; }

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentNullException">There are no options.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    internal static void Check(MemslotLogOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!IsSupported(options.ManualProtect))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.ManualProtect, $"{nameof(ManualProtect)} must be none, {ManualProtect.Enabled}, or that and {ManualProtect.InitiallySet}.");
        }

        if (!Enum.IsDefined(options.Protection))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.Protection, $"{nameof(Protection)} must be one of {string.Join(", ", Enum.GetNames<MaskedProtection>())}.");
        }
    }

    /// <summary>Whether KVM takes a combination: <see cref="ManualProtect.InitiallySet"/> needs the other.</summary>
    internal static bool IsSupported(ManualProtect value) =>
        value is ManualProtect.None or ManualProtect.Enabled or (ManualProtect.Enabled | ManualProtect.InitiallySet);
}
