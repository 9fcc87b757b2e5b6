using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>H_READ: entries as the guest knows them, and what stands where there is none.</summary>
public sealed class HypercallReadTests
{
    [Fact]
    public void The_guest_reads_its_own_page_number_with_the_processors_r_and_c()
    {
        foreach (HashTableEra era in HashScenario.Eras)
        {
            using var scenario = new HashScenario(era);
            ulong clean = HashScenario.R & ~HpteR.ReferencedChanged;
            scenario.Enter(r: clean);
            Assert.Equal(new Hpte(HashScenario.V, clean), scenario.Read());
            scenario.Thread.Load(HashScenario.Index);
            Assert.Equal(new Hpte(HashScenario.V, clean | HpteR.Referenced), scenario.Read());
            scenario.Thread.Store(HashScenario.Index);
            Assert.Equal(new Hpte(HashScenario.V, HashScenario.R), scenario.Read());
            Assert.Equal(clean, scenario.GuestR());
        }
    }

    [Fact]
    public void Where_an_entry_was_r_still_names_the_hosts_page()
    {
        using var scenario = new HashScenario();
        Assert.Equal(default, scenario.Read());
        scenario.Enter();
        scenario.Thread.Store(HashScenario.Index);
        scenario.Remove();
        Assert.Equal(new Hpte(0, HashScenario.HostAddress | 0x1192), scenario.Read());
    }

    [Fact]
    public void Where_an_entry_was_in_the_format_of_isa_3_0_v_keeps_the_segments_size()
    {
        using var scenario = new HashScenario(HashScenario.Options() with { Isa30 = true });
        ulong tebibyte = HashScenario.V | HpteV.OneTebibyte;
        scenario.Enter(v: tebibyte);
        Assert.Equal(new Hpte(tebibyte, HashScenario.R), scenario.Read());
        Assert.Equal(tebibyte, scenario.Remove().R4);
        Assert.Equal(new Hpte(HpteV.OneTebibyte, HashScenario.HostAddress | 0x1012), scenario.Read());
    }

    [Fact]
    public void Four_entries_are_those_around_the_index()
    {
        using var scenario = new HashScenario();
        for (ulong i = 4; i < 8; i++)
            scenario.Enter(i, r: HashScenario.R + (i << 16));
        for (ulong index = 4; index < 8; index++)
        {
            ulong[] words = new ulong[8];
            Assert.Equal(HypercallStatus.Success, scenario.Core.Read(HypercallFlags.ReadFour, index, words));
            for (ulong i = 4; i < 8; i++)
            {
                Assert.Equal(HashScenario.V, words[(i - 4) * 2]);
                Assert.Equal(HashScenario.R + (i << 16), words[(i - 4) * 2 + 1]);
            }
        }
    }

    [Fact]
    public void It_takes_no_lock_and_shows_none()
    {
        using var scenario = new HashScenario();
        scenario.Enter();
        Assert.True(scenario.Core.Table.TryLock(HashScenario.Index));
        Assert.Equal(new Hpte(HashScenario.V, HashScenario.R), scenario.Read());
    }

    [Fact]
    public void Indices_out_of_the_table_are_refused_and_nothing_is_written()
    {
        using var scenario = new HashScenario();
        ulong[] words = [1, 2, 3, 4, 5, 6, 7, 8];
        foreach (ulong index in (ulong[])[1UL << 17, 1UL << 32, ulong.MaxValue])
        {
            Assert.Equal(HypercallStatus.Parameter, scenario.Core.Read(0, index, words));
            Assert.Equal(HypercallStatus.Parameter, scenario.Core.Read(HypercallFlags.ReadFour, index, words));
        }

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], words);
        Assert.Throws<ArgumentException>("destination", () => scenario.Core.Read(0, 0, new ulong[1]));
        Assert.Throws<ArgumentException>("destination", () => scenario.Core.Read(HypercallFlags.ReadFour, 0, new ulong[7]));
    }
}
