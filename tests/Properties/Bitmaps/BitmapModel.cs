using RingKit.Bitmaps;

namespace RingKit.Properties.Bitmaps;

/// <summary>What a dirty bitmap means, said with one bool a page.</summary>
internal static class BitmapModel
{
    public static void MarkRange(bool[] model, ulong first, ulong count) => Array.Fill(model, true, (int)first, (int)count);

    public static List<ulong> Pages(bool[] model) =>
        [.. Enumerable.Range(0, model.Length).Where(page => model[page]).Select(page => (ulong)page)];

    public static List<(ulong First, ulong Count)> Runs(bool[] model)
    {
        var runs = new List<(ulong First, ulong Count)>();
        for (int page = 0; page < model.Length; page++)
        {
            if (!model[page])
                continue;
            int first = page;
            while (page < model.Length && model[page])
                page++;
            runs.Add(((ulong)first, (ulong)(page - first)));
        }

        return runs;
    }

    public static List<(ulong FirstPage, ulong Mask)> Masks(bool[] model)
    {
        var masks = new SortedDictionary<ulong, ulong>();
        foreach (ulong page in Pages(model))
            masks[page / 64 * 64] = masks.GetValueOrDefault(page / 64 * 64) | 1UL << (int)(page % 64);
        return [.. masks.Select(pair => (pair.Key, pair.Value))];
    }

    public static bool[] Read(DirtyBitmap bitmap)
    {
        bool[] pages = new bool[bitmap.Pages];
        for (int page = 0; page < pages.Length; page++)
            pages[page] = bitmap.IsDirty((ulong)page);
        return pages;
    }

    /// <summary>A pattern of the given density, in single pages or in runs.</summary>
    public static bool[] Pattern(Random random, int pages, double density, bool runs)
    {
        bool[] model = new bool[pages];
        for (int page = 0; page < pages; page++)
        {
            if (random.NextDouble() >= (runs ? density / 20 : density))
                continue;
            int length = runs ? random.Next(1, 40) : 1;
            Array.Fill(model, true, page, Math.Min(length, pages - page));
        }

        return model;
    }

    public static void Mark(DirtyBitmap bitmap, bool[] model)
    {
        foreach (ulong page in Pages(model))
            bitmap.Mark(page);
    }
}
