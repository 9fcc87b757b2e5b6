using System.Runtime.CompilerServices;

namespace RingKit.Kvm.Native;

/// <summary><c>sigset_t</c>: a bit for each of 1024 signals, of which the kernel knows 64.</summary>
[InlineArray(16)]
internal struct SignalSet
{
    private ulong _first;

    /// <summary>All signals.</summary>
    public static SignalSet All
    {
        get
        {
            var set = default(SignalSet);
            ((Span<ulong>)set).Fill(ulong.MaxValue);
            return set;
        }
    }

    /// <summary>One signal.</summary>
    public static SignalSet Of(int signal)
    {
        var set = default(SignalSet);
        set[0] = MaskOf(signal);
        return set;
    }

    /// <summary>A signal's bit, as the kernel's own sets of 64 have it.</summary>
    public static ulong MaskOf(int signal) => 1UL << (signal - 1);
}
