namespace RingKit.Bench.Density.Contenders;

/// <summary>A way to find the dirty pages of a bitmap, or to count them.</summary>
/// <param name="name">A short one.</param>
/// <param name="words">The size of its bitmap.</param>
internal abstract class Contender(string name, int words) : IDisposable
{
    public string Name { get; } = name;

    public int Words { get; } = words;

    /// <summary>How many bitmaps a pass goes over.</summary>
    public int Windows { get; } = DirtyWords.WindowsFor(words);

    /// <summary>How many pages a pass goes over, clean ones and dirty ones.</summary>
    public long PagesOfPass => (long)Windows * Words * 64;

    /// <summary>Takes over what is to be dirty from now on.</summary>
    public abstract void Prepare(DirtyWords dirty);

    /// <summary>Makes the pages of a window dirty; not measured.</summary>
    public abstract void Restore(int window);

    /// <summary>Finds them.</summary>
    /// <returns>How many there were.</returns>
    public abstract long Find(int window);

    public void Dispose() => Release();

    /// <summary>Gives back what it holds besides.</summary>
    protected virtual void Release()
    {
    }
}
