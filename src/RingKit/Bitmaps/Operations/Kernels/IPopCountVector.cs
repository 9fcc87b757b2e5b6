namespace RingKit.Bitmaps.Operations.Kernels;

/// <summary>What counting bits asks of a width of vector, so that each algorithm is written once.</summary>
/// <typeparam name="TVector">The vector.</typeparam>
internal interface IPopCountVector<TVector>
    where TVector : struct
{
    /// <summary>How many words a vector holds.</summary>
    static abstract nuint Words { get; }

    static abstract TVector Load(ref readonly ulong words, nuint index);

    /// <summary>A full adder in every bit: <paramref name="sum"/> has weight 1, the result weight 2.</summary>
    static abstract TVector CarrySaveAdd(ref TVector sum, TVector first, TVector second);

    /// <summary>How many bits each word has.</summary>
    static abstract TVector CountWords(TVector vector);

    static abstract TVector Add(TVector left, TVector right);

    static abstract ulong Sum(TVector vector);
}
