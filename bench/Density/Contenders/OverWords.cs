using RingKit.Memory;

namespace RingKit.Bench.Density.Contenders;

/// <summary>A way that needs no more than the words of a bitmap.</summary>
internal sealed class OverWords(string name, NativeView<ulong> words, Func<long> find) : Contender(name, (int)words.Length)
{
    private DirtyWords? _dirty;

    public override void Prepare(DirtyWords dirty) => _dirty = dirty;

    public override void Restore(int window) => _dirty!.CopyTo(words.AsSpan(), window);

    public override long Find(int window) => find();
}
