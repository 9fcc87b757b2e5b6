using System.Numerics;
using RingKit.Bitmaps;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <content>Pages that devices and the host have written.</content>
public abstract partial class MachineDirtyLog
{
    // Writers without a vCPU that call the log itself, one after the other: they are rare. Each looks at the slot's flag and records under it, and a stop goes
    // through it between the flag and the forgetting: nobody who saw the flag up records later. Nobody waits for anything in it.
    private readonly Lock _recorders = new();
    private ulong _recordsWithoutVcpu;

    /// <summary>
    /// How many pages the log's own calls have recorded for writers without a vCPU: a harvest that begins afterwards has them all. Any thread.
    /// </summary>
    internal ulong RecordsWithoutVcpu
    {
        get
        {
            lock (_recorders)
                return _recordsWithoutVcpu;
        }
    }

    /// <summary>For a writer without a vCPU, around its look at the slot's flag and the record. Any thread.</summary>
    private protected Lock.Scope EnterRecorders() => _recorders.EnterScope();

    /// <summary>Counts a page in <see cref="RecordsWithoutVcpu"/>, after it was recorded. In <see cref="EnterRecorders"/>.</summary>
    private protected void CountRecordWithoutVcpu() => _recordsWithoutVcpu++;

    /// <summary>Waits until everybody who saw a flag up that is lowered by now has recorded its page.</summary>
    private protected void AwaitRecorders()
    {
        using Lock.Scope scope = EnterRecorders();
    }

    /// <summary>Hands the pages of a slot that devices and the host have written to the sink. Nothing protects them. Under the lock.</summary>
    private protected void CollectWritesWithoutVcpu<TSink>(MemorySlot slot, ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        var device = new MaskSink<TSink>(slot, ref sink);
        var host = new MaskSink<TSink>(slot, ref sink);
        try
        {
            Machine.DeviceWrites.Take(slot, ref device);
            Machine.HostWrites.Take(slot, ref host);
        }
        finally
        {
            Books = Books with
            {
                DevicePages = Books.DevicePages + device.Pages,
                HostPages = Books.HostPages + host.Pages,
                Entries = Books.Entries + device.Pages + host.Pages,
                BytesTouched = Books.BytesTouched + device.Bytes + host.Bytes,
            };
        }
    }

    /// <summary>
    /// Forgets pages that writers which had seen a slot's log on have marked after it was stopped: their stores are from before the next start. Under the
    /// lock, before the flag goes up;
    /// nothing is forgotten of a slot that is logged.
    /// </summary>
    private protected void ForgetLateWrites(MemorySlot slot)
    {
        if (!slot.LogsDirtyPages)
            ForgetWritesWithoutVcpu(slot);
    }

    private void ForgetWritesWithoutVcpu(MemorySlot slot)
    {
        var forget = default(ForgettingSink);
        var masks = new MaskSink<ForgettingSink>(slot, ref forget);
        Machine.DeviceWrites.Take(slot, ref masks);
        Machine.HostWrites.Take(slot, ref masks);
    }

    private ref struct MaskSink<TSink>(MemorySlot slot, ref TSink sink) : IDirtyMaskSink
        where TSink : struct, IDirtyPageSink
    {
        private readonly ref TSink _sink = ref sink;

        public ulong Pages { get; private set; }

        public ulong Bytes { get; private set; }

        public void Accept(ulong firstPage, ulong mask)
        {
            _sink.Accept(slot, firstPage, mask);
            Pages += (uint)BitOperations.PopCount(mask);
            Bytes += sizeof(ulong);
        }
    }
}
