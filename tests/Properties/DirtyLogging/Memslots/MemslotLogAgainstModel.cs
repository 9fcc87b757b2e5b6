using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Ordering;
using RingKit.Properties.Bitmaps;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Memslots;

/// <summary>Random stores, fetches, clears, starts and stops of a small slot, against sets of pages.</summary>
public sealed class MemslotLogAgainstModel
{
    private const int Pages = 150;

    private enum Kind
    {
        Store,
        StoreMore,
        Get,
        GetTwice,
        Clear,
        ClearWhatWasGot,
        Forget,
        Automatic,
        Manual,
        InitiallySet,
        Restart,
        Deliver,
        DeliverInPart,
    }

    [Fact]
    public void Nothing_is_lost_and_nothing_is_invented()
    {
        Gen<(Kind Kind, int A, int B)> step =
            from kind in Gen.Elements(Enum.GetValues<Kind>())
            from a in Gen.Choose(0, Pages - 1)
            from b in Gen.Choose(0, Pages)
            select (kind, a, b);
        Props.Check(Prop.ForAll(Arb.From(step.ArrayOf()), Run), nameof(Nothing_is_lost_and_nothing_is_invented), maxTest: 400, endSize: 200);
    }

    private static void Run((Kind Kind, int A, int B)[] steps)
    {
        var run = new ModelRun();
        using (run.Log)
        {
            foreach ((Kind kind, int a, int b) in steps)
            {
                run.Step(kind, (ulong)a, (ulong)b);
                run.Check();
            }
        }
    }

    /// <summary>The log over a flat table; beside it the pages that were written since they were last taken, and those that the log may report.</summary>
    private sealed class ModelRun
    {
        private readonly FlatTable _table = new(Pages);
        private readonly HashSet<ulong> _written = [];
        private readonly HashSet<ulong> _allowed = [];
        private List<ulong> _got = [];

        public ModelRun() => Start();

        public MemslotLog<HardwareOrdering> Log { get; } = new(Pages, new MemslotLogOptions());

        private bool IsManual => (Log.ManualProtect & ManualProtect.Enabled) != ManualProtect.None;

        public void Step(Kind kind, ulong a, ulong b)
        {
            switch (kind)
            {
                case Kind.Store or Kind.StoreMore:
                    for (ulong page = a; page < Math.Min(Pages, kind == Kind.Store ? a + 1 : a + b); page++)
                        Store(page);
                    break;
                case Kind.Get:
                    Get();
                    break;
                case Kind.GetTwice:
                    List<ulong> first = Get(), second = Get();
                    Assert.Equal(IsManual ? first : [], second);
                    break;
                case Kind.Clear:
                    Clear(a / 64 * 64, [.. Enumerable.Range((int)a, (int)Math.Min(b, Pages - a)).Select(page => (ulong)page)]);
                    break;
                case Kind.ClearWhatWasGot:
                    Clear(0, _got);
                    break;
                case Kind.Forget:
                    Array.Clear(_table.IsRemembered);
                    break;
                case Kind.Automatic:
                    Log.ManualProtect = ManualProtect.None;
                    break;
                case Kind.Manual:
                    Log.ManualProtect = ManualProtect.Enabled;
                    break;
                case Kind.InitiallySet:
                    Log.ManualProtect = ManualProtect.Enabled | ManualProtect.InitiallySet;
                    break;
                case Kind.Restart:
                    Log.Stop();
                    Start();
                    break;
                default:
                    Deliver(kind == Kind.Deliver ? Pages : (int)b % 4);
                    break;
            }
        }

        /// <summary>What was written is in the log, and what is in the log may be.</summary>
        public void Check()
        {
            for (ulong page = 0; page < Pages; page++)
            {
                bool isDirty = Log.IsDirty(page);
                if (!isDirty && _written.Contains(page))
                    Assert.Fail($"page {page} was written and is lost");
                if (isDirty && !_allowed.Contains(page))
                    Assert.Fail($"page {page} was not written");
            }

            _table.AssertNoneIsLost(Log);
        }

        private void Start()
        {
            _written.Clear();
            _allowed.Clear();
            if (Log.ManualProtect == (ManualProtect.Enabled | ManualProtect.InitiallySet))
                _allowed.UnionWith(Enumerable.Range(0, Pages).Select(page => (ulong)page));
            FlatProtection protection = _table.Protection;
            Log.Start(ref protection);
        }

        private void Store(ulong page)
        {
            _table.Store(Log, page);
            _written.Add(page);
            _allowed.Add(page);
        }

        private List<ulong> Get()
        {
            byte[] bytes = new byte[Log.ByteLength];
            FlatProtection protection = _table.Protection;
            Assert.Equal(Errno.None, Log.Get(ref protection, bytes));
            List<ulong> got = KvmBytes.Pages(bytes);
            if (!IsManual)
                Taken(got);
            return _got = got;
        }

        private void Clear(ulong first, List<ulong> pages)
        {
            List<ulong> live = [.. pages.Where(Log.IsDirty)];
            ulong before = Log.Count();
            FlatProtection protection = _table.Protection;
            Assert.Equal(Errno.None, Log.Clear(ref protection, first, (uint)(Pages - first), KvmBytes.Of(first, Pages - first, pages)));
            Assert.Equal(before - (ulong)live.Count, Log.Count());
            Assert.DoesNotContain(pages, Log.IsDirty);
            _written.ExceptWith(live);
            _allowed.ExceptWith(live);
        }

        private void Deliver(int mostWords)
        {
            List<(ulong FirstPage, ulong Mask)> words = [];
            var sink = new FailingSink(mostWords, words);
            FlatProtection protection = _table.Protection;
            try
            {
                ulong pages = Log.Deliver(ref protection, ref sink);
                Assert.Equal(words.Sum(word => BitOperations.PopCount(word.Mask)), (int)pages);
            }
            catch (IOException)
            {
                Assert.Equal(mostWords, words.Count);
            }

            Taken([.. words.SelectMany(word => Enumerable.Range(0, 64).Where(bit => (word.Mask >> bit & 1) != 0).Select(bit => word.FirstPage + (uint)bit))]);
        }

        private void Taken(List<ulong> pages)
        {
            Assert.True(_allowed.IsSupersetOf(pages));
            _written.ExceptWith(pages);
            _allowed.ExceptWith(pages);
        }
    }
}
