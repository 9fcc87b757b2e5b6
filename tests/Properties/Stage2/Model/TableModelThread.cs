using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Stage2.Model;

/// <summary>
/// A thread of a <see cref="TableProgram"/>. An invalidation asks each other processor, and waits for its answer, given between two of its accesses or while it
/// waits.
/// </summary>
internal readonly struct TableModelThread(TableProgram program, int self) : IStage2HostThread
{
    public void Relax()
    {
        Answer();
        O.Pause();
    }

    public void MarkDirty(MemorySlot slot, ulong offset) => Assert.Fail("the table records nothing");

    public void InvalidateIpa(ulong ipa, int level) => Invalidate();

    public void InvalidateRange(ulong ipa, ulong size) => Invalidate();

    public void InvalidateAll() => Invalidate();

    public void InvalidateLocal(ulong ipa, int level) => program.Drop(self);

    public void Changed(ulong ipa, int level, Stage2Descriptor before, Stage2Descriptor after)
    {
    }

    public void TableTaken(ulong table)
    {
    }

    public void TableFreed(ulong table)
    {
    }

    /// <summary>Drops what others want dropped.</summary>
    public void Answer()
    {
        for (int asking = 0; program.IsVcpu(self) && asking < program.ThreadCount; asking++)
        {
            if (asking == self || !program.Invalidates(asking))
                continue;
            ulong ticket = O.LoadAcquire(ref program.Request(asking, self));           // E6
            if (ticket == program.LastAnswer(asking, self))
                continue;
            program.Drop(self);
            Reply(asking, ticket);
        }
    }

    /// <summary>The processor has left the guest.</summary>
    public void End()
    {
        for (int asking = 0; program.IsVcpu(self) && asking < program.ThreadCount; asking++)
        {
            if (asking != self && program.Invalidates(asking))
                Reply(asking, ulong.MaxValue);
        }
    }

    private void Invalidate()
    {
        program.Drop(self);
        for (int vcpu = 0; vcpu < program.ThreadCount; vcpu++)
        {
            if (vcpu == self || !program.IsVcpu(vcpu))
                continue;
            ulong ticket = program.Request(self, vcpu) + 1;
            O.StoreRelease(ref program.Request(self, vcpu), ticket);                  // E6: the entry is not valid
            while (O.LoadAcquire(ref program.Response(self, vcpu)) < ticket)           // E6
                Relax();
        }
    }

    private void Reply(int asking, ulong ticket)
    {
        program.LastAnswer(asking, self) = ticket;
        O.StoreRelease(ref program.Response(asking, self), ticket);                   // E6: its loads and stores are done
    }
}
