using RingKit.Mmu.HashTable.Hypercalls;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>H_BULK_REMOVE.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    private const int MostRequests = 4;

    /// <summary>Takes up to four entries out, with one tlbie for those that can be locked together.</summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="registers">
    /// r4 to r11: four pairs of <see cref="BulkRequest"/> and what its condition compares V with. Each request that was looked at is replaced by its
    /// answer.
    /// </param>
    /// <returns>H_PARAMETER: a request that is none, or of no such index; those before it are done, those after it are not.</returns>
    internal HypercallStatus BulkRemove<TThread>(ref TThread thread, Span<ulong> registers)
        where TThread : struct, IHostThread, allows ref struct
    {
        Span<ulong> indices = stackalloc ulong[MostRequests];
        Span<Hpte> entries = stackalloc Hpte[MostRequests];
        Span<int> answers = stackalloc int[MostRequests];
        var status = HypercallStatus.Success;
        int next = 0;
        while (next < 2 * MostRequests && status == HypercallStatus.Success)
        {
            int count = 0;
            for (; next < 2 * MostRequests; next += 2)
            {
                var request = new BulkRequest(registers[next]);
                if (request.IsEnd)
                {
                    next = 2 * MostRequests;
                    break;
                }

                if (!request.IsRequest || !Table.IsEntry(request.Index))
                {
                    registers[next] = request.Answer(BulkRequest.BadParameter);
                    status = HypercallStatus.Parameter;
                    break;
                }

                // Who holds locks may wait for no other: another thread's batch may go the other way round. Nor for its own, where an index comes twice.
                if (!TryLockForBulk(ref thread, request.Index, mayWait: count == 0, out Hpte entry))
                    break;
                registers[next] = TakeForBulk(request, registers[next + 1], entry);
                if (!entry.IsValid || new BulkRequest(registers[next]).IsNotFound)
                    continue;

                indices[count] = request.Index;
                entries[count] = entry;
                answers[count++] = next;
            }

            if (count > 0)
                thread.Tlbie(indices[..count]);
            for (int i = 0; i < count; i++)
                registers[answers[i]] |= FinishForBulk(ref thread, indices[i], entries[i]);
        }

        return status;
    }

    private bool TryLockForBulk<TThread>(ref TThread thread, ulong index, bool mayWait, out Hpte entry)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (mayWait)
        {
            entry = Table.Lock(index, ref thread);
            return true;
        }

        bool locked = Table.TryLock(index);
        entry = locked ? Table.Load(index) : default;
        entry = entry with { V = entry.V & ~HpteV.HvLock };
        return locked;
    }

    // A locked entry: let go if it is not meant, out of the table if it is absent, and locked and invalid until the tlbie if it is valid.
    private ulong TakeForBulk(BulkRequest request, ulong operand, Hpte entry)
    {
        bool found = entry.IsPresent && request.Condition switch
        {
            BulkRequest.AndCondition => !HasAnyOf(entry, operand),
            BulkRequest.Avpn => HasAvpn(entry, operand),
            _ => true,
        };
        if (!found)
        {
            Table.Unlock(request.Index, entry.V);
            return request.Answer(BulkRequest.NotFound);
        }

        ulong guestR = Chains.LoadGuestR(request.Index);
        StoreGuestR(request.Index, guestR);
        if (entry.IsValid)
        {
            Table.StoreV(request.Index, entry.V & ~HpteV.Valid);
            return request.Answer(BulkRequest.Done);
        }

        Table.Unlock(request.Index, 0);
        if (IsMmio(entry))
            CountMmioUpdate();
        return request.Answer(BulkRequest.Done) | BulkRequest.ReferencedChanged(guestR);
    }

    private ulong FinishForBulk<TThread>(ref TThread thread, ulong index, Hpte entry)
        where TThread : struct, IHostThread, allows ref struct
    {
        ulong r = Has(HashTableDefects.RemovalReadsEarly) ? entry.R : Table.LoadR(index);                 // E45: R and C are complete
        RemoveFromChain(ref thread, index, entry.PageSize!.Value, r);
        ulong bits = BulkRequest.ReferencedChanged(Chains.LoadGuestR(index));
        Table.Unlock(index, 0);
        return bits;
    }
}
