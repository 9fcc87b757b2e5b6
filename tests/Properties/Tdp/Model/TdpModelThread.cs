using RingKit.Mmu.Guest;
using RingKit.Mmu.Tdp;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Tdp.Model;

/// <summary>
/// A thread of a <see cref="TdpProgram"/>. Who flushes asks each vCPU and waits for its answer, given between two of its accesses or while it waits; with the answer its
/// modification log is drained.
/// </summary>
internal readonly struct TdpModelThread(TdpProgram program, int self) : ITdpThread
{
    public void Relax()
    {
        Answer();
        O.Pause();
    }

    public void Synchronize()
    {
        if (program.Mistake != TdpMistake.ForgetsToSynchronize)
            Ask(drops: false);
    }

    public void Flush(ulong firstGfn, ulong endGfn)
    {
        if (program.Mistake != TdpMistake.ForgetsToFlush)
            Ask(drops: true);
    }

    public void MarkDirty(MemorySlot slot, ulong offset) => program.Mark(offset);

    /// <summary>Does what others ask for.</summary>
    public void Answer()
    {
        for (int asking = 0; program.IsVcpu(self) && asking < program.ThreadCount; asking++)
        {
            if (asking == self)
                continue;
            ulong ticket = O.LoadAcquire(ref program.Request(asking, self));           // E6
            if (ticket == program.LastAnswer(asking, self))
                continue;
            program.Exit(self);

            // Odd tickets are for who only waits.
            if (ticket % 2 == 0)
                program.Drop(self);
            Reply(asking, ticket);
        }
    }

    /// <summary>The vCPU has left the guest.</summary>
    public void End()
    {
        program.Exit(self);
        for (int asking = 0; program.IsVcpu(self) && asking < program.ThreadCount; asking++)
        {
            if (asking != self)
                Reply(asking, ulong.MaxValue);
        }
    }

    private void Ask(bool drops)
    {
        if (drops)
            program.Drop(self);
        for (int vcpu = 0; vcpu < program.ThreadCount; vcpu++)
        {
            if (vcpu == self || !program.IsVcpu(vcpu))
                continue;
            ulong last = program.Request(self, vcpu), ticket = drops ? (last + 2) & ~1ul : (last + 1) | 1;
            O.StoreRelease(ref program.Request(self, vcpu), ticket);                  // E6
            while (true)
            {
                ulong answered = O.LoadAcquire(ref program.Response(self, vcpu));      // E6
                if (answered == ulong.MaxValue && drops)
                    program.Drop(vcpu);
                if (answered >= ticket)
                    break;
                Relax();
            }
        }
    }

    private void Reply(int asking, ulong ticket)
    {
        program.LastAnswer(asking, self) = ticket;
        O.StoreRelease(ref program.Response(asking, self), ticket);                   // E6: its loads and stores are done
    }
}
