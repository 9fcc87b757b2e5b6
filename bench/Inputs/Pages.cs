namespace RingKit.Bench.Inputs;

/// <summary>Pages in an order, the same in every run.</summary>
internal static class Pages
{
    private const int Seed = 20201001;

    public static ulong[] InOrder(PageOrder order, int count, ulong pageCount)
    {
        var random = new Random(Seed);
        return order == PageOrder.Sequential
            ? [.. Enumerable.Range(0, count).Select(page => (ulong)page)]
            : [.. Enumerable.Range(0, count).Select(_ => (ulong)random.NextInt64((long)pageCount))];
    }

    public static ulong[] ByHeat(PageHeat heat, int count, ulong pageCount)
    {
        var random = new Random(Seed);
        ulong[] hot = [Any(), Any(), Any()];
        return [.. Enumerable.Range(0, count).Select(_ => heat == PageHeat.Hot && random.Next(10) < 9 ? hot[random.Next(3)] : Any())];

        ulong Any() => (ulong)random.NextInt64((long)pageCount);
    }
}
