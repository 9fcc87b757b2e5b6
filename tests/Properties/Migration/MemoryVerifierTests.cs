using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using Xunit;

namespace RingKit.Properties.Migration;

/// <summary>Where two memories differ.</summary>
public sealed class MemoryVerifierTests : IDisposable
{
    private readonly GuestMemory _one = NewMemory();
    private readonly GuestMemory _other = NewMemory();

    public void Dispose()
    {
        _one.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void Equal_memories_are_equal()
    {
        _one.Slots[1].Memory[5000] = _other.Slots[1].Memory[5000] = 9;
        MemoryDifference difference = MemoryVerifier.Compare(_one, _other);
        Assert.Equal(new MemoryDifference(603, 0, null, 0, 0), difference);
        Assert.True(difference.IsEqual);
        Assert.Equal("603 pages are equal", difference.ToString());
    }

    [Fact]
    public void One_byte_anywhere_is_found_and_named()
    {
        var random = new Random(1);
        for (int i = 0; i < 500; i++)
        {
            MemorySlot slot = _other.Slots[i % 2];
            ulong at = i < 2 ? (slot.PageCount * GuestPage.Size) - 1 : i < 4 ? 0 : (ulong)random.NextInt64((long)slot.PageCount * GuestPage.Size);
            slot.Memory[(nuint)at] ^= 1;
            Assert.Equal(
                new MemoryDifference(603, 1, slot.Id, slot.BaseGfn + (at >> GuestPage.Shift), (int)(at % GuestPage.Size)), MemoryVerifier.Compare(_one, _other));
            slot.Memory[(nuint)at] ^= 1;
        }
    }

    [Fact]
    public void Pages_that_differ_are_counted_once_and_the_first_one_is_named()
    {
        foreach (int page in new[] { 599, 256, 255, 31 })
        {
            _one.Slots[0].Memory[(nuint)(page * GuestPage.Size) + 100] = 1;
            _one.Slots[0].Memory[(nuint)(page * GuestPage.Size) + 4000] = 1;
        }

        _other.Slots[1].Memory[GuestPage.Size] = 1;
        MemoryDifference difference = MemoryVerifier.Compare(_one, _other);
        Assert.Equal(new MemoryDifference(603, 5, 4, 31, 100), difference);
        Assert.Equal("5 of 603 pages differ; the first is frame 0x1f of slot 4, from its byte 100 on", difference.ToString());
    }

    [Fact]
    public void Memories_of_different_slots_are_not_compared()
    {
        using var other = new GuestMemory();
        other.AddSlot(4, 0, 600);
        Assert.Throws<ArgumentException>("destination", () => MemoryVerifier.Compare(_one, other));
        other.AddSlot(7, 1001, 3);
        Assert.Throws<ArgumentException>("destination", () => MemoryVerifier.Compare(_one, other));
        Assert.Throws<ArgumentNullException>("source", () => MemoryVerifier.Compare(null!, other));
    }

    private static GuestMemory NewMemory()
    {
        var memory = new GuestMemory();
        memory.AddSlot(4, 0, 600);
        memory.AddSlot(7, 1000, 3);
        return memory;
    }
}
