using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Clients;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Clients;

/// <summary>P1: three readers at their own pace, and none of them misses a store.</summary>
public sealed class CopyingClientsTests : IDisposable
{
    private readonly ClientsRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void P1_display_code_cache_and_migration_each_have_a_copy_in_the_end()
    {
        using DirtyLogClient display = _rig.Clients.Join("display"), cache = _rig.Clients.Join("code cache"), migration = _rig.Clients.Join("migration");
        byte[] displayed = new byte[_rig.High.Memory.Length], cached = new byte[_rig.Low.Memory.Length];
        display.Start();
        cache.Start();
        _rig.High.Memory.AsSpan().CopyTo(displayed);
        _rig.Low.Memory.AsSpan().CopyTo(cached);
        var copy = new TwoPhaseCopy(migration, _rig.Machine, seed: 2019, removesSlots: false);
        var done = new ManualResetEventSlim();
        new Crew(TimeSpan.FromSeconds(60)).Run(
            ("migration", () =>
            {
                try
                {
                    copy.Run(TimeSpan.FromMilliseconds(LongRun.IsOn ? 20_000 : 200));
                }
                finally
                {
                    done.Set();
                }
            }
        ),
            ("display", () =>
            {
                while (!done.Wait(1))
                {
                    var sink = new CopySink(displayed);
                    if (display.MayHavePages())
                        display.HarvestRuns(_rig.High, ref sink);
                }
            }
        ),
            ("code cache", () =>
            {
                while (!done.IsSet)
                {
                    var sink = new CopySink(cached);
                    cache.HarvestRuns(_rig.Low, ref sink);
                    Thread.Yield();
                }
            }
        ));
        var last = new CopySink(displayed);
        display.HarvestRuns(_rig.High, ref last);
        last = new CopySink(cached);
        cache.HarvestRuns(_rig.Low, ref last);
        Assert.True(displayed.AsSpan().SequenceEqual(_rig.High.Memory.AsSpan()), "the display misses a store");
        Assert.True(cached.AsSpan().SequenceEqual(_rig.Low.Memory.AsSpan()), "the code cache misses a store");
    }

    private readonly struct CopySink(byte[] copy) : IDirtyPageRunSink
    {
        // The harvest of the log is over when a client's begins to hand out pages: their contents may be read.
        public void Accept(MemorySlot slot, ulong firstPage, ulong pageCount) =>
            slot.Memory.Slice((nuint)firstPage << GuestPage.Shift, (nuint)pageCount << GuestPage.Shift).AsSpan().CopyTo(copy.AsSpan((int)firstPage << GuestPage.Shift));
    }
}
