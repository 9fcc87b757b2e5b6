using RingKit.Interleaving;
using RingKit.Memory;
using RingKit.Rings.Cores;

namespace RingKit.Properties.Rings;

/// <summary>A ring on the model of memory, and two words beside it, for programs of a few calls that no script makes.</summary>
internal sealed class RingScene<TCore> : IDisposable
    where TCore : RingEnds<ulong>
{
    private readonly NativeBlock<byte> _memory;
    private readonly NativeBlock<ulong> _words = new(2);
    private readonly Func<NativeView<byte>, RingShape, TCore> _attach;
    private readonly List<TCore> _rings = [];

    private RingScene(RingShape shape, Func<NativeView<byte>, RingShape, TCore> attach)
    {
        Shape = shape;
        _attach = attach;
        _memory = new NativeBlock<byte>(shape.Length);
        RingNames.Name(_memory, shape);
        Explorer.Name(ref Note, "note");
        Explorer.Name(ref Flag, "flag");
    }

    public RingShape Shape { get; }

    public NativeView<byte> Memory => _memory.View;

    /// <summary>The ring, as it was made before the threads began.</summary>
    public TCore Ring => _rings[0];

    /// <summary>Payload that is not in the ring.</summary>
    public ref ulong Note => ref _words[0];

    /// <summary>By which one thread tells another what the ring does not say.</summary>
    public ref ulong Flag => ref _words[1];

    /// <summary>A program of threads that call into one ring.</summary>
    public static ModelProgram Program(
        string name,
        RingShape shape,
        Func<NativeView<byte>, RingShape, TCore> attach,
        Action<TCore>? before,
        Action<RingScene<TCore>>[] threads,
        Action<RingScene<TCore>>? check = null)
    {
        RingScene<TCore> SetUp()
        {
            var scene = new RingScene<TCore>(shape, attach);
            if (before is null)
                return scene;

            shape.Format<ModelOrdering>(scene.Memory, startIndex: 0);
            before(scene.Attach());
            return scene;
        }

        return new ModelProgram<RingScene<TCore>>(name, SetUp, threads) { Finally = scene => check?.Invoke(scene) };
    }

    /// <summary>One more object over the same ring, as another process has one.</summary>
    public TCore Attach()
    {
        TCore ring = _attach(Memory, Shape);
        lock (_rings)
            _rings.Add(ring);
        return ring;
    }

    public void Dispose()
    {
        foreach (TCore ring in _rings)
            ring.Dispose();
        _memory.Dispose();
        _words.Dispose();
    }
}
