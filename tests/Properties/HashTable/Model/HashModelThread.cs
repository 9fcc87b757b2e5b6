using RingKit.Mmu.HashTable.Hypervisor;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.HashTable.Model;

/// <summary>A thread of a <see cref="HashProgram"/>. A tlbie asks each other processor, and waits for its answer, given between two of its accesses or while it waits.</summary>
internal readonly struct HashModelThread(HashProgram program, int self) : IHostThread
{
    public void Relax()
    {
        Answer();
        O.Pause();
    }

    public void Tlbie(scoped ReadOnlySpan<ulong> indices)
    {
        program.Drop(self);
        for (int vcpu = 0; vcpu < program.ThreadCount; vcpu++)
        {
            if (!IsAsked(vcpu))
                continue;
            ulong ticket = program.Request(self, vcpu) + 1;
            O.StoreRelease(ref program.Request(self, vcpu), ticket);                  // E6: the entry is invalid
            Await(vcpu, ticket);
        }
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

    /// <summary>Waits until every processor has left the guest.</summary>
    public void AwaitEnds()
    {
        for (int vcpu = 0; vcpu < program.ThreadCount; vcpu++)
        {
            if (IsAsked(vcpu))
                Await(vcpu, ulong.MaxValue);
        }
    }

    private bool IsAsked(int vcpu) => vcpu != self && program.IsVcpu(vcpu);

    private void Reply(int asking, ulong ticket)
    {
        program.LastAnswer(asking, self) = ticket;
        O.StoreRelease(ref program.Response(asking, self), ticket);                   // E6, E45: C is set, and the stores are visible
    }

    private void Await(int vcpu, ulong ticket)
    {
        while (true)
        {
            ulong answered = O.LoadAcquire(ref program.Response(self, vcpu));          // E6, E45
            if (answered == ulong.MaxValue)
                program.Drop(vcpu);
            if (answered >= ticket)
                return;
            Relax();
        }
    }
}
