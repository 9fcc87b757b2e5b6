using System.Runtime.InteropServices;

namespace RingKit.Sweeps;

/// <summary>Two words that belong together, 16 bytes: a hashed page-table entry, for example.</summary>
/// <remarks>The words are as they lie in memory. Where another machine's byte order is kept there, so it is here.</remarks>
[StructLayout(LayoutKind.Sequential)]
public record struct WordPair
{
    /// <summary>16 bytes.</summary>
    public const int SizeInBytes = 16;

    /// <summary>The word at the lower address.</summary>
    public ulong First;

    /// <summary>The word at the higher address.</summary>
    public ulong Second;

    /// <summary>Both words.</summary>
    public WordPair(ulong first, ulong second)
    {
        First = first;
        Second = second;
    }
}
