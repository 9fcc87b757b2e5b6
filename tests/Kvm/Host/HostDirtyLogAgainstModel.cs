using FsCheck;
using FsCheck.Fluent;
using RingKit.Kvm.Host;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests.Host;

/// <summary>Random sequences of writes, marks and harvests of every kind, against a set of pages.</summary>
public sealed class HostDirtyLogAgainstModel
{
    private const int Pages = 700;

    private enum Step
    {
        Write,
        WriteRun,
        Read,
        Mark,
        TryMark,
        Masks,
        Runs,
        FailingRuns,
        Indices,
        Part,
        TakeAndConfirm,
        TakeAndPutBack,
        Clear,
        Look,
    }

    [Fact]
    public void Every_sequence_of_calls_gives_the_pages_of_the_set()
    {
        HostMemory.SkipWhereMissing();
        Gen<(Step, int, int)[]> sequences = Gen.Elements(Enum.GetValues<Step>())
            .Zip(Gen.Choose(0, Pages - 1))
            .Zip(Gen.Choose(1, 150))
            .Select(step => (step.Item1.Item1, step.Item1.Item2, step.Item2))
            .ArrayOf();
        Props.Check(
            Prop.ForAll(sequences.ToArbitrary(), Gen.Choose(1, 9).ToArbitrary(), (steps, regions) =>
            {
                using var rig = new Rig(regions);
                foreach ((Step step, int page, int count) in steps)
                    rig.Do(step, page, count);
                rig.Do(Step.Masks, 0, 0);
            }),
            nameof(Every_sequence_of_calls_gives_the_pages_of_the_set),
            maxTest: 150);
    }

    private sealed class Rig(int regions) : IDisposable
    {
        private readonly HostMemory _memory = new(Pages, regions);
        private readonly SortedSet<int> _dirty = [];

        private HostDirtyLog Log => _memory.Log;

        public void Do(Step step, int page, int count)
        {
            int behind = Math.Min(page + count, Pages);
            List<int> found = [];
            var sink = new PageList(found);
            ulong cursor;
            switch (step)
            {
                case Step.Write:
                    _memory.Write(page);
                    _dirty.Add(page);
                    break;
                case Step.WriteRun:
                    for (int i = page; i < behind; i++)
                        _memory.Write(i);
                    _dirty.UnionWith(Enumerable.Range(page, behind - page));
                    break;
                case Step.Read:
                    _ = _memory.Read(page);
                    break;
                case Step.Mark:
                    Log.MarkRange((ulong)page, (ulong)(behind - page));
                    _dirty.UnionWith(Enumerable.Range(page, behind - page));
                    break;
                case Step.TryMark:
                    Assert.Equal(_dirty.Add(page), Log.TryMark((ulong)page));
                    break;
                case Step.Masks:
                    Log.HarvestMasks(ref sink);
                    AssertTaken(found, _dirty.Count);
                    break;
                case Step.Runs:
                    Log.HarvestRuns(ref sink);
                    AssertTaken(found, _dirty.Count);
                    break;
                case Step.FailingRuns:
                    var failing = new PageList(found, failsAt: count % 4);
                    try
                    {
                        Log.HarvestRuns(ref failing);
                    }
                    catch (IOException)
                    {
                        // What was not taken is dirty.
                    }

                    AssertTaken(found, found.Count);
                    break;
                case Step.Indices:
                    ulong[] room = new ulong[count];
                    cursor = (ulong)page;
                    int taken = Log.HarvestIndices(room, ref cursor);
                    found.AddRange(room.Take(taken).Select(one => (int)one));
                    AssertPart(found, page, Pages, count, cursor);
                    break;
                case Step.Part:
                    cursor = (ulong)page;
                    Assert.Equal((ulong)Math.Min(count / 2, _dirty.GetViewBetween(page, Math.Max(page, behind - 1)).Count), Log.HarvestMasks(ref sink, ref cursor, (ulong)behind, (ulong)count / 2));
                    AssertPart(found, page, behind, count / 2, cursor);
                    break;
                case Step.TakeAndConfirm or Step.TakeAndPutBack:
                    using (var take = new HostDirtyTake(Log))
                    {
                        Assert.Equal((ulong)_dirty.Count, take.Take());
                        take.ReadMasks(ref sink);
                        Assert.Equal(_dirty, found);
                        if (step == Step.TakeAndConfirm)
                        {
                            take.Confirm((ulong)page, (ulong)(behind - page));
                            _dirty.ExceptWith(Enumerable.Range(page, behind - page));
                        }
                    }

                    break;
                case Step.Clear:
                    Log.Clear();
                    _dirty.Clear();
                    break;
                default:
                    Assert.Equal((ulong)_dirty.Count, Log.Count());
                    Assert.Equal(_dirty.Contains(page), Log.IsDirty((ulong)page));
                    break;
            }
        }

        public void Dispose() => _memory.Dispose();

        private void AssertPart(List<int> found, int page, int behind, int most, ulong cursor)
        {
            Assert.Equal(_dirty.Where(one => one >= page && one < behind).Take(most), found);
            if (found.Count < most)
                Assert.Equal((ulong)behind, cursor);
            _dirty.ExceptWith(found);
        }

        private void AssertTaken(List<int> found, int count)
        {
            Assert.Equal(_dirty.Take(count), found);
            _dirty.ExceptWith(found);
        }
    }
}
