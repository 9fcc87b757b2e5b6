using System.Runtime.InteropServices;
using RingKit.Kvm.Native;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Kvm.Tests.Differential;

/// <summary>Both machines with bitmaps, which are equal whenever they are fetched: a page is in one or is not, however often it was stored to.</summary>
internal sealed class BitmapPair(MachineShape shape) : MachinePair(shape, hasRings: false)
{
    private const int Words = 64;

    public int Pages { get; private set; }

    public int Errors { get; private set; }

    /// <summary>Has a vCPU of both machines make stores, to the end.</summary>
    public void Run(int vcpu, ulong[] frames)
    {
        LoadReal(vcpu, frames, turns: 1);
        Assert.Equal(KvmExitReason.Halted, RunReal(vcpu));
        var stores = new Stores(this, frames);
        Assert.Equal(VcpuExit.Halted, SimulatedMachine.Vcpus[vcpu].Run(ref stores));
    }

    /// <summary>Fetches a slot's bitmap; any slot's.</summary>
    public void Get(uint slot)
    {
        // What lies behind the slot's words stays as it is.
        ulong[] real = new ulong[Words], simulated = new ulong[Words];
        real.AsSpan().Fill(0x5555);
        simulated.AsSpan().Fill(0x5555);
        Count(AssertSame($"GET of slot {slot:x}", Real.GetDirtyLog(slot, real), Simulated.GetDirtyLog(slot, MemoryMarshal.AsBytes(simulated.AsSpan()))));
        for (int i = 0; i < Words; i++)
        {
            AssertSame($"word {i} of slot {slot:x}", real[i], simulated[i]);
            Pages += real[i] == 0x5555 ? 0 : System.Numerics.BitOperations.PopCount(real[i]);
        }
    }

    /// <summary>Fetches a slot's bitmap into nowhere.</summary>
    public unsafe void GetIntoNowhere(uint slot) =>
        Count(AssertSame($"GET of slot {slot:x} into nowhere", Real.GetDirtyLog(slot, words: null), Simulated.GetDirtyLog(slot, [])));

    /// <summary>Clears pages of a slot; any slot's, and any range.</summary>
    public void Clear(uint slot, ulong firstPage, uint pageCount, ReadOnlySpan<ulong> bitmap) => Count(AssertSame(
        $"CLEAR of {pageCount} pages from {firstPage} of slot {slot:x}",
        Real.ClearDirtyLog(slot, firstPage, pageCount, bitmap),
        Simulated.ClearDirtyLog(slot, firstPage, pageCount, MemoryMarshal.AsBytes(bitmap))));

    /// <summary>The same with a bitmap that is nowhere.</summary>
    public unsafe void ClearFromNowhere(uint slot, ulong firstPage, uint pageCount) => Count(AssertSame(
        $"CLEAR of {pageCount} pages from {firstPage} of slot {slot:x} from nowhere",
        Real.ClearDirtyLog(slot, firstPage, pageCount, words: null),
        Simulated.ClearDirtyLog(slot, firstPage, pageCount, [])));

    /// <summary>Has the simulation alone write a page.</summary>
    public void MarkSimulated(uint slot, ulong page) =>
        Assert.Equal(Errno.None, Simulated.MarkPageDirty(SimulatedMachine.Memory.FindById(slot)!, page));

    /// <summary>Resets rings that are not there.</summary>
    public void Reset()
    {
        Errno error;
        int entries;
        using (new BlockedSignals())
            error = Real.ResetDirtyRings(out entries);
        KvmReset simulated = Simulated.ResetDirtyRings();
        Count(AssertSame("reset", (error, entries), (simulated.Error, simulated.Entries)).Item1);
    }

    private void Count(Errno error) => Errors += error == Errno.None ? 0 : 1;

    private struct Stores(BitmapPair pair, ulong[] frames) : IGuestProgram
    {
        private int _done;

        public VcpuExit Step(Vcpu vcpu)
        {
            if (_done == frames.Length)
                return VcpuExit.Halted;
            VcpuExit exit = pair.StoreSimulated(vcpu, frames[_done], frames.Length - _done);
            _done += exit == VcpuExit.None ? 1 : 0;
            return exit;
        }
    }
}
