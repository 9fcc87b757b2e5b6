namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>What a <see cref="TrackerProgram"/> knows of a page. The explorer runs one thread at a time, so all threads keep it.</summary>
/// <param name="words">The writers' words in the page.</param>
/// <param name="isCounted">Whether one writer marks it, by TryMark alone: then takes and marks that found it clean must be as many.</param>
internal sealed class PageRecord(int[] words, bool isCounted)
{
    public IReadOnlyList<int> Words { get; } = words;

    public bool IsCounted { get; } = isCounted;

    /// <summary>How often each word was stored to.</summary>
    public Dictionary<int, ulong> Stores { get; } = words.ToDictionary(word => word, _ => 0ul);

    /// <summary>Marks that began.</summary>
    public int Marks { get; set; }

    public int Takes { get; set; }

    /// <summary>What the page held at each mark that found it clean.</summary>
    public List<ulong> MarkedAt { get; } = [];

    /// <summary>What it held at each take.</summary>
    public List<ulong> TakenAt { get; } = [];

    public void Clear()
    {
        foreach (int word in Words)
            Stores[word] = 0;
        Marks = Takes = 0;
        MarkedAt.Clear();
        TakenAt.Clear();
    }
}
