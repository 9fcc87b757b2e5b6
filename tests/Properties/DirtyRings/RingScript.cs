using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Properties.DirtyRings.Conformance;

namespace RingKit.Properties.DirtyRings;

/// <summary>Runs a generated schedule, a (party, amount) pair a step, with numbered pages, and keeps what each party was told.</summary>
internal sealed class RingScript(IRingUnderTest ring) : IDisposable
{
    private readonly SlotsTarget _target = new(new Dictionary<uint, ulong> { [1] = ulong.MaxValue });
    private ulong _sequence;

    public IRingUnderTest Ring { get; } = ring;

    public ulong Attempts { get; private set; }

    public ulong Accepted { get; private set; }

    public ulong Recycled { get; private set; }

    public List<ulong> Harvested { get; } = [];

    /// <summary>Bases of the batches in the order in which they were applied; of one page each, since numbered pages lie far apart.</summary>
    public IEnumerable<ulong> Reset => _target.Calls.Select(call => call.Mask == 1 ? call.BaseOffset / Stride : ulong.MaxValue);

    private static ulong Stride => 64;

    public void Step(byte party, byte amount)
    {
        switch (party % 4)
        {
            case 0:
                Push(amount % 40);
                break;
            case 1:
                Harvest(amount % 40);
                break;
            case 2:
                BorrowedEntries lent = Ring.Borrow(amount);
                int release = Math.Min(party / 4, lent.Count);
                foreach (DirtyGfn entry in (DirtyGfn[])[.. lent.First, .. lent.Second])
                {
                    if (release > 0)
                        Harvested.Add(entry.Offset / Stride);
                    if (--release <= 0)
                        break;
                }

                lent.Release(Math.Min(party / 4, lent.Count));
                break;
            default:
                Recycle(amount % 40);
                break;
        }
    }

    /// <summary>Harvests and resets all that is left.</summary>
    public void Drain()
    {
        Harvest(int.MaxValue);
        Recycle(int.MaxValue);
    }

    public void Dispose() => Ring.Dispose();

    private void Push(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Attempts++;
            if (Ring.TryPush(1, _sequence * Stride) == PushResult.Full)
                continue;
            Accepted++;
            _sequence++;
        }
    }

    private void Harvest(int maximum)
    {
        var sink = new SequenceSink(Harvested);
        Ring.Harvest(ref sink, maximum);
    }

    private void Recycle(int maximum)
    {
        SlotsTarget target = _target;
        ResetResult result = Ring.Reset(ref target, maximum);
        Recycled += (uint)result.Entries;
    }

    private readonly struct SequenceSink(List<ulong> harvested) : IDirtyEntrySink
    {
        public void Accept(uint slot, ulong offset) => harvested.Add(offset / Stride);
    }
}
