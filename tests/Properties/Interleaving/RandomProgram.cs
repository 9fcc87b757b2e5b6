using System.Text;
using RingKit.Interleaving;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Interleaving;

/// <summary>A litmus test made by chance: 2 or 3 threads of a few steps each on two words.</summary>
internal sealed class RandomProgram
{
    private readonly (int Operation, int Word)[][] _threads;

    private RandomProgram((int, int)[][] threads)
    {
        _threads = threads;
        Program = Words.Program(
            "random",
            w => $"{string.Join(",", w.R)} {w.X} {w.Y}",
            [.. threads.Select((_, t) => (Action<Words>)(w => Run(w, t)))]);
    }

    public ModelProgram<Words> Program { get; }

    public static RandomProgram Generate(Random random)
    {
        int threads = random.Next(2, 4);
        int most = threads == 2 ? 5 : 4;
        return new RandomProgram([.. Enumerable.Range(0, threads).Select(_ => Enumerable.Range(0, random.Next(1, most))
            .Select(_ => (random.Next(Names.Length), random.Next(2))).ToArray())]);
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach ((int, int)[] thread in _threads)
            text.AppendLine(string.Join("; ", thread.Select(step => $"{Names[step.Item1]} {"xy"[step.Item2]}")));
        return text.ToString();
    }

    private static readonly string[] Names =
        ["load", "load", "acquire", "store", "release", "fetch-or", "exchange", "fence", "cas from 0", "cas from before", "process-wide fence", "await"];

    private void Run(Words w, int thread)
    {
        for (int i = 0; i < _threads[thread].Length; i++)
        {
            (int operation, int word) = _threads[thread][i];
            ref ulong location = ref w.At(word);
            ref ulong register = ref w.R[(thread * 5) + i];
            ulong value = (ulong)((thread * 5) + i + 1);
            switch (operation)
            {
                case 0 or 1: register = O.LoadRelaxed(ref location); break;
                case 2: register = O.LoadAcquire(ref location); break;
                case 3: O.StoreRelaxed(ref location, value); break;
                case 4: O.StoreRelease(ref location, value); break;
                case 5: register = O.FetchOrRelease(ref location, 16 * value); break;
                case 6: register = O.ExchangeAcquire(ref location, value); break;
                case 7: O.FullFence(); break;
                case 8: register = O.CompareExchangeAcquireRelease(ref location, value, 0); break;
                case 9: register = O.CompareExchangeRelaxed(ref location, value, i == 0 ? 0 : w.R[(thread * 5) + i - 1]); break;
                case 10: O.ProcessWideFence(); break;
                default:
                    // A wait with an end: it may give up once it has seen something new.
                    for (int n = 0; n < 2; n++)
                    {
                        register = O.LoadAcquire(ref location);
                        if (register != 0)
                            break;
                        O.Pause();
                    }

                    break;
            }
        }
    }
}
