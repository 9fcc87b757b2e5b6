using System.Numerics;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Stage2.Hypervisor;
using static System.FormattableString;

namespace RingKit.Bench.Memslots;

/// <summary>A fetch of a slot of 1 GiB in pages: take, protect by words of 64 pages, copy out; by arm64's span and by exact bits.</summary>
internal sealed class WordHarvest(bool isQuick)
{
    private readonly int _rounds = isQuick ? 1 : 25;

    public void Write(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("| fetch of 1 GiB in pages | dirty pages | span | a word | exact | a word |");
        output.WriteLine("|---|---|---|---|---|---|");
        Measure(output, "nothing", _ => 0);
        Measure(output, "1 page in each 64th word", word => word % 64 == 0 ? 1ul << (int)(word / 64 % 64) : 0);
        Measure(output, "1 page a word", word => 1ul << (int)(word % 64));
        Measure(output, "every 2nd page", _ => 0x5555_5555_5555_5555);
        Measure(output, "all", _ => ulong.MaxValue);
    }

    private void Measure(TextWriter output, string name, Func<ulong, ulong> pattern)
    {
        using LoggedGuest span = Make(MaskedProtection.Span), exact = Make(MaskedProtection.Exact);
        ulong[] masks = [.. Enumerable.Range(0, (int)(span.Pages / 64)).Select(word => pattern((ulong)word))];
        ulong pages = (ulong)masks.Sum(BitOperations.PopCount);
        int words = Math.Max(1, masks.Count(mask => mask != 0));
        byte[] bytes = new byte[span.Log.ByteLength];
        List<double> spans = [], exacts = [];
        for (int round = -1; round < _rounds; round++)
        {
            double first = Fetch(span, masks, bytes), second = Fetch(exact, masks, bytes);
            if (round < 0)
                continue;
            spans.Add(first);
            exacts.Add(second);
        }

        double bySpan = Timing.Median(spans), byBits = Timing.Median(exacts);
        output.WriteLine(Invariant($"| {name} | {pages} | {bySpan / 1e3:0.0} us | {bySpan / words:0} ns | {byBits / 1e3:0.0} us | {byBits / words:0} ns |"));
    }

    private static LoggedGuest Make(MaskedProtection rule)
    {
        var guest = new LoggedGuest(1ul << 30, new Stage2Options { MaskedProtection = rule });
        guest.MapBlocks();
        guest.SplitAll();
        guest.Start();
        return guest;
    }

    private static double Fetch(LoggedGuest guest, ulong[] masks, byte[] bytes)
    {
        ulong pages = 0;
        for (int word = 0; word < masks.Length; word++)
        {
            for (ulong mask = masks[word]; mask != 0; mask &= mask - 1, pages++)
                guest.Store(((ulong)word * 64) + (uint)BitOperations.TrailingZeroCount(mask));
        }

        if (guest.Log.Count() != pages)
            throw new InvalidOperationException("The log has other pages than were written.");
        return Timing.Of(() => guest.Get(bytes));
    }
}
