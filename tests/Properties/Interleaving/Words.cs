using RingKit.Interleaving;

namespace RingKit.Properties.Interleaving;

/// <summary>The shared words of a litmus test, and the registers into which its threads read.</summary>
internal sealed class Words
{
    private readonly ulong[] _block = GC.AllocateArray<ulong>(4, pinned: true);

    public ref ulong X => ref _block[0];

    public ref ulong Y => ref _block[1];

    public ref ulong Z => ref _block[2];

    public ref ulong Payload => ref _block[3];

    public ulong[] R { get; } = new ulong[16];

    /// <summary>A program over words that are 0 at its start. One allocation for all of its executions, so that those are fast.</summary>
    public static ModelProgram<Words> Program(string name, Func<Words, string> outcome, params Action<Words>[] threads)
    {
        var words = new Words();
        return new ModelProgram<Words>(name, words.Reset, threads) { Outcome = outcome };
    }

    public ref ulong At(int index) => ref _block[index];

    private Words Reset()
    {
        Array.Clear(_block);
        Array.Clear(R);
        Explorer.Name(ref X, "x");
        Explorer.Name(ref Y, "y");
        Explorer.Name(ref Z, "z");
        Explorer.Name(ref Payload, "payload");
        return this;
    }
}
