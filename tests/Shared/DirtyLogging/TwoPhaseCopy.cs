using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <summary>vCPUs store on threads of their own while somebody takes harvests, copies, confirms a part, puts back the rest, and takes a slot away: the copy must become equal.</summary>
internal sealed class TwoPhaseCopy(IDirtyLog log, VirtualMachine machine, int seed, bool removesSlots = true)
{
    private const ulong PagesWritten = 61;
    private const int MostHeld = 3;
    private const int FewRemovals = 2;

    private readonly Random _random = new(seed);
    private readonly byte[][] _copies = [.. machine.Memory.Slots.Select(slot => new byte[slot.PageCount << GuestPage.Shift])];
    private readonly List<DirtyHarvest> _held = [];

    public int Removals { get; private set; }

    public ulong Confirmed { get; private set; }

    public void Run(TimeSpan duration)
    {
        var crew = new Crew(TimeSpan.FromSeconds(60));
        int writers = machine.Vcpus.Length;
        crew.Run(
        [
            .. machine.Vcpus.Select(vcpu => ($"vCPU {vcpu.Id}", (Action)(() =>
            {
                try
                {
                    Write(vcpu, crew);
                }
                finally
                {
                    Interlocked.Decrement(ref writers);
                }
            }))),
            ("copier", () => Copy(crew, duration, () => Volatile.Read(ref writers) > 0)),
        ]);
    }

    private void Copy(Crew crew, TimeSpan duration, Func<bool> writing)
    {
        try
        {
            log.Start();
            for (int i = 0; i < _copies.Length; i++)
                machine.Memory.Slots[i].Memory.AsSpan().CopyTo(_copies[i]);
            long deadline = Environment.TickCount64 + (long)duration.TotalMilliseconds;
            while (Environment.TickCount64 < deadline || (removesSlots && Removals < FewRemovals))
                Round();
        }
        finally
        {
            foreach (Vcpu vcpu in machine.Vcpus)
                vcpu.RequestStop();
        }

        int idle = 0;
        while (writing())
        {
            Take();
            crew.Idle(ref idle, "the vCPUs to stop");
        }

        Settle();
        Take();
        Settle();
        for (int i = 0; i < _copies.Length; i++)
            Check(machine.Memory.Slots[i]);
    }

    private void Round()
    {
        Take();
        foreach (DirtyHarvest harvest in _held)
        {
            foreach (DirtyPages pages in harvest)
                CopyOut(harvest, pages, pages.Mask & (ulong)_random.NextInt64());
        }

        if (_random.Next(4) == 0 && _held.Count != 0)
        {
            _held[0].Dispose();
            _held.RemoveAt(0);
        }

        if (removesSlots && _random.Next(8) == 0)
            TakeSlotAway();
    }

    private void Take()
    {
        if (_held.Count == MostHeld)
        {
            _held[0].Dispose();
            _held.RemoveAt(0);
        }

        _held.Add(log.Take());
    }

    // When the last pages of the slot are copied, the copy is the slot, while vCPUs run.
    private void TakeSlotAway()
    {
        Settle();
        MemorySlot slot = machine.Memory.Slots[1];
        Assert.Equal(Errno.None, machine.RemoveSlot(slot, out DirtyHarvest? last));
        using (last)
        {
            foreach (DirtyPages pages in last!)
                CopyOut(last, pages, pages.Mask);
        }

        Check(slot);
        Thread.Yield();
        Check(slot);
        Assert.Equal(Errno.None, machine.RestoreSlot(slot));
        Removals++;
    }

    // Nothing is held any more, and nothing has come back that was not taken again.
    private void Settle()
    {
        foreach (DirtyHarvest harvest in _held)
            harvest.Dispose();
        _held.Clear();
        using DirtyHarvest all = log.Take();
        foreach (DirtyPages pages in all)
            CopyOut(all, pages, pages.Mask);
        Assert.Equal(0ul, all.PageCount);
    }

    private void CopyOut(DirtyHarvest harvest, DirtyPages pages, ulong mask)
    {
        byte[] copy = _copies[machine.Memory.Slots.IndexOf(pages.Slot)];
        for (int i = 0; i < 64; i++)
        {
            if ((mask >> i & 1) != 0)
                harvest.CopyTo(pages.Slot, pages.BaseOffset + (uint)i, copy.AsSpan((int)(pages.BaseOffset + (uint)i) << GuestPage.Shift));
        }

        Confirmed += harvest.Confirm(pages.Slot, pages.BaseOffset, mask);
    }

    private void Check(MemorySlot slot)
    {
        byte[] copy = _copies[machine.Memory.Slots.IndexOf(slot)];
        int at = slot.Memory.AsSpan().CommonPrefixLength(copy);
        Assert.True(at == copy.Length, $"seed {seed}: slot {slot.Id}, page {at >> GuestPage.Shift} differs from its copy after {Removals} removals");
    }

    private void Write(Vcpu vcpu, Crew crew)
    {
        var program = new RandomStores(machine.Memory, seed + vcpu.Id);
        int idle = 0;
        while (true)
        {
            switch (vcpu.Run(ref program))
            {
                case VcpuExit.Interrupted:
                    return;
                case VcpuExit.DirtyRingFull:
                    crew.Idle(ref idle, "a harvest");
                    break;
                case VcpuExit.NoMemory:
                    idle = 0;
                    Thread.Yield();
                    break;
                default:
                    throw new InvalidOperationException("The program neither halts nor meets a fault of its own.");
            }
        }
    }

    // Each vCPU has words of its own. A store that leaves the guest is not tried again: another one follows.
    private struct RandomStores(GuestMemory memory, int seed) : IGuestProgram
    {
        private ulong _state = ((ulong)(uint)seed * 0x9e3779b97f4a7c15) | 1;

        public VcpuExit Step(Vcpu vcpu)
        {
            _state = (_state * 6364136223846793005) + 1442695040888963407;
            MemorySlot slot = memory.Slots[(int)(_state >> 63)];
            ulong offset = (_state >> 33) % (PagesWritten * GuestPage.Size / 32);
            return vcpu.Store((slot.BaseGfn << GuestPage.Shift) + (offset * 32) + ((ulong)vcpu.Id * 8), _state);
        }
    }
}
