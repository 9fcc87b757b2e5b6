using FsCheck.Fluent;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>
/// P2, and P1 beside it: a harvest has the pages that were stored to since they were last reported, and no others. The exceptions have names: all pages
/// once where the log begins with all set, and a page whose store was recorded and has not retired.
/// </summary>
public sealed class NothingIsInvented
{
    public static TheoryData<string> Names => [.. SelfTestCases.Chosen.Select(test => test.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void P2_a_harvest_has_what_was_written_and_nothing_else(string name)
    {
        SelfTestCase test = SelfTestCases.All[name];
        Props.Check(
            Prop.ForAll<(byte Kind, ushort Page)[]>(script => Check(test, script)),
            $"{nameof(P2_a_harvest_has_what_was_written_and_nothing_else)}, {name}",
            maxTest: LongRun.IsOn ? 2000 : 6,
            endSize: 200);
    }

    private static void Check(SelfTestCase test, (byte Kind, ushort Page)[] script)
    {
        using var memory = new SelfTestMemory();
        using VirtualMachine machine = test.MakeMachine(memory.Memory, 2);
        using IDirtyLog log = test.MakeLog(machine);
        log.Start();
        if (test.Grants(SelfTestExceptions.InitiallySet))
            Assert.Equal(SelfTestMemory.PageCount, Harvest(log, memory).Count);

        // Stored to and not reported yet; and the page that a vCPU which left with a full ring was about to store to.
        SortedSet<int> written = [];
        int? pending = null;
        foreach ((byte kind, ushort pageNumber) in script)
        {
            int page = pageNumber % SelfTestMemory.PageCount;
            switch (kind % 16)
            {
                case < 10:
                    bool isStored = TryStore(machine.Vcpus[kind / 16 % 2], memory.AddressOf(page));
                    if (!isStored)
                    {
                        // An access that left for a full ring is reported at most by its own page.
                        pending = page;
                        CheckHarvest();
                        isStored = TryStore(machine.Vcpus[kind / 16 % 2], memory.AddressOf(page));
                    }

                    Assert.True(isStored, "The ring stays full.");
                    written.Add(page);
                    break;
                case < 12:
                    Assert.Equal(Mmu.Errno.None, machine.WriteAsDevice(memory.AddressOf(page), [1]));
                    written.Add(page);
                    break;
                case < 13:
                    if (test.Reads)
                        GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Load(memory.AddressOf(page), new byte[8]));
                    break;
                case < 14:
                    test.ChangeFrame?.Invoke(machine, memory.GfnOf(page), kind / 16 * 4);
                    break;
                default:
                    CheckHarvest();
                    break;
            }
        }

        CheckHarvest();

        void CheckHarvest()
        {
            SortedSet<int> reported = Harvest(log, memory);
            if (pending is { } unretired && !written.Contains(unretired) && test.Grants(SelfTestExceptions.UnretiredStore))
                reported.Remove(unretired);
            pending = null;
            Assert.Equal(written, reported);
            written.Clear();
        }
    }

    private static bool TryStore(Vcpu vcpu, ulong address)
    {
        bool isStored = false;
        GuestAction.Run(vcpu, one =>
        {
            VcpuExit exit = one.Store(address, 1ul);
            isStored |= exit == VcpuExit.None;
            return exit;
        });
        return isStored;
    }

    private static SortedSet<int> Harvest(IDirtyLog log, SelfTestMemory memory) =>
        [.. DirtySet.Harvest(log).Select(page => memory.NumberOf(memory.Memory.FindById(page.Slot)!, page.Offset))];
}
