using RingKit.DirtyRings;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Kvm.DirtyLogging;

/// <content>Rings.</content>
public sealed partial class KvmDirtyLog
{
    // The order that loses nothing: vCPUs out, so that what their processors have logged by themselves is in the rings; harvest; reset, until the kernel has
    // taken back as many as were harvested; and only then may the pages be read. Also where the sink throws: what it had taken is given back, and the rest
    // stays in the rings.
    private void CollectRings<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        foreach (KvmVcpu vcpu in _vcpus)
            vcpu.KickOut();

        var entries = new EntrySink<TSink>(Machine.Memory, ref sink);
        Errno error;
        try
        {
            foreach (KvmVcpu vcpu in _vcpus)
                vcpu.Harvester.Harvest(ref entries);
        }
        finally
        {
            error = _kvm.ResetDirtyRings(entries.Count, out int calls);
            foreach (KvmVcpu vcpu in _vcpus)
                vcpu.IsRingFull = false;
            Book(entries.Count, entries.Count * DirtyGfn.SizeInBytes, (uint)calls, entries.Refused);
        }

        KvmException.ThrowIf(error, "KVM_RESET_DIRTY_RINGS");
    }

    /// <summary>Checks the entries against the slots, and counts them: all go back, those too that name no page.</summary>
    private ref struct EntrySink<TSink>(GuestMemory memory, ref TSink sink) : IDirtyEntrySink
        where TSink : struct, IDirtyPageSink
    {
        private readonly ref TSink _sink = ref sink;
        private MemorySlot? _latest;

        public ulong Count { get; private set; }

        public ulong Refused { get; private set; }

        public void Accept(uint slot, ulong offset)
        {
            if (_latest?.Id != slot)
                _latest = memory.FindById(slot);
            if (_latest is not null && offset < _latest.PageCount)
                _sink.Accept(_latest, offset, 1);
            else
                Refused++;
            Count++;
        }
    }
}
