using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Memory;

namespace GeneratedCode;

/// <summary>Copies harvested pages while stores to them go on, and checks each word: the number of a store to this place, none older than was copied.</summary>
internal struct CheckedCopy(NativeView<ulong> memory, ulong[] copy, ulong pages) : IDirtyMaskSink
{
    public long Pages { get; private set; }

    public long WrongWords { get; private set; }

    public void Accept(ulong firstPage, ulong mask)
    {
        for (; mask != 0; mask &= mask - 1, Pages++)
        {
            uint first = ((uint)firstPage + (uint)BitOperations.TrailingZeroCount(mask)) * StoreCompiler.WordsInPage;
            for (uint i = first; i < first + StoreCompiler.WordsInPage; i++)
            {
                ulong number = memory[i];
                if (number < copy[i] || (number != 0 && number % (pages * StoreCompiler.WordsInPage) != i))
                    WrongWords++;
                copy[i] = number;
            }
        }
    }
}
