using RingKit.Mmu;
using RingKit.Mmu.Tdp;
using RingKit.Mmu.Tdp.Hypervisor;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Tdp.Model;

/// <summary>What the threads do.</summary>
internal sealed partial class TdpProgram
{
    private void Run(int self)
    {
        var thread = new TdpModelThread(this, self);
        foreach (TdpOperation operation in _threads[self])
        {
            thread.Answer();
            switch (operation.Action)
            {
                case TdpAction.Store or TdpAction.Load:
                    Access(ref thread, self, operation);
                    break;
                case TdpAction.Harvest:
                    Harvest(ref thread);
                    break;
                case TdpAction.Start:
                    StartLog(ref thread);
                    for (int page = 0; page < Pages; page++)
                        Copy(page);
                    break;
                case TdpAction.Stop:
                    _log.Stop();
                    _core.StopLogging(ref thread, Slot);
                    break;
                default:
                    _core.BeginInvalidation(ref thread, 0, Pages);
                    _core.EndInvalidation(ref thread);
                    break;
            }
        }

        thread.End();
    }

    // An access that meets no end of faults is given up: it did not happen.
    private void Access(ref TdpModelThread thread, int self, TdpOperation operation)
    {
        bool stores = operation.Action == TdpAction.Store;
        ref Translation known = ref _translations[self][operation.Page];
        var access = new TdpAccess((ulong)operation.Page, stores);
        for (int faults = 0; !known.IsValid || (stores && !known.IsWritable); faults++)
        {
            PageModificationLog<O>? log = _core.ProcessorLogs ? _vcpus[self].Log : null;
            if (_core.Table.Access(access, log, out Spte spte, out int level) == TdpAccessResult.Granted)
            {
                Assert.Equal(Slot.FrameOf(access.Gfn, isPrivate: false), spte.Frame + (access.Gfn & (TdpGeometry.PagesAt(level) - 1)));
                known = new Translation(IsValid: true, stores || (spte.IsWritable && spte.IsDirty));
                break;
            }

            if (faults == MostFaults)
                return;
            Exit(self);
            _core.HandleFault(ref thread, _vcpus[self], access);
            thread.Answer();
        }

        int word = (self * Pages) + operation.Page;
        if (stores)
            O.StoreRelaxed(ref _memory[word], ++_stored[word]);
    }

    private void StartLog<TThread>(ref TThread thread)
        where TThread : struct, ITdpThread
    {
        Assert.Equal(Errno.None, _core.RaiseLogging(ref thread, Slot));
        var protection = new TdpSlotProtection<O, TThread>(_core, Slot, ref thread);
        _log.Start(ref protection);
    }

    private void Harvest<TThread>(ref TThread thread)
        where TThread : struct, ITdpThread
    {
        var protection = new TdpSlotProtection<O, TThread>(_core, Slot, ref thread);
        var sink = new CopyingSink(this);
        _log.Deliver(ref protection, ref sink);
    }

    private void Copy(int page)
    {
        for (int writer = 0; writer < ThreadCount; writer++)
            _copied[(writer * Pages) + page] = O.LoadRelaxed(ref _memory[(writer * Pages) + page]);
    }
}
