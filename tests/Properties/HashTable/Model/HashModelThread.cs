using RingKit.Mmu.HashTable.Hypervisor;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.HashTable.Model;

/// <summary>A thread of a <see cref="HashProgram"/>. A tlbie asks each other processor, and waits for its answer, given between two of its accesses or while it waits.</summary>
/// <remarks>
/// A processor that is asked drops all that it knows. One that has left the guest keeps its translations, and C with them: who invalidates an entry drops them in
/// its place, those of that entry alone. The entry's lock keeps two from doing so at once. If they dropped others' too, the entry's own holder could find
/// nothing to drop before C is in R, where hardware's tlbie would wait for it.
/// </remarks>
internal readonly struct HashModelThread(HashProgram program, int self) : IHostThread
{
    private const ulong Ended = ulong.MaxValue;

    public void Relax()
    {
        Answer();
        O.Pause();
    }

    public void Tlbie(scoped ReadOnlySpan<ulong> indices)
    {
        program.Drop(self, indices);
        for (int vcpu = 0; vcpu < program.ThreadCount; vcpu++)
        {
            if (!IsAsked(vcpu))
                continue;
            ulong ticket = program.Request(self, vcpu) + 1;
            O.StoreRelease(ref program.Request(self, vcpu), ticket);                  // E6: the entry is invalid
            if (Await(vcpu, ticket) == Ended)
                program.Drop(vcpu, indices);
        }
    }

    /// <summary>Drops what others want dropped, until the processor has left the guest: then they do so themselves.</summary>
    public void Answer()
    {
        for (int asking = 0; program.IsVcpu(self) && asking < program.ThreadCount; asking++)
        {
            if (asking == self || !program.Invalidates(asking) || program.LastAnswer(asking, self) == Ended)
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
                Reply(asking, Ended);
        }
    }

    /// <summary>Waits until every processor has left the guest.</summary>
    public void AwaitEnds()
    {
        for (int vcpu = 0; vcpu < program.ThreadCount; vcpu++)
        {
            if (IsAsked(vcpu))
                Await(vcpu, Ended);
        }
    }

    private bool IsAsked(int vcpu) => vcpu != self && program.IsVcpu(vcpu);

    private void Reply(int asking, ulong ticket)
    {
        program.LastAnswer(asking, self) = ticket;
        O.StoreRelease(ref program.Response(asking, self), ticket);                   // E6, E45: C is set, and the stores are visible
    }

    private ulong Await(int vcpu, ulong ticket)
    {
        while (true)
        {
            ulong answered = O.LoadAcquire(ref program.Response(self, vcpu));          // E6, E45
            if (answered >= ticket)
                return answered;
            Relax();
        }
    }
}
