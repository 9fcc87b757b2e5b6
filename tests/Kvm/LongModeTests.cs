using RingKit.Kvm.Registers;
using RingKit.Memory;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>The page tables of a guest that begins in 64-bit mode, walked as a processor does.</summary>
public sealed class LongModeTests
{
    [Theory]
    [InlineData(1UL, 3UL)]
    [InlineData(64UL << 20, 3UL)]
    [InlineData((1UL << 30) + 1, 4UL)]
    [InlineData(3UL << 30, 5UL)]
    public void Every_address_is_mapped_to_itself_and_none_beyond(ulong mapped, ulong tablePages)
    {
        const ulong Tables = 0x3000;
        Assert.Equal(tablePages * 4096, LongMode.TableBytes(mapped));
        using var block = new NativeBlock<byte>((nuint)(Tables + LongMode.TableBytes(mapped)), 4096);
        block.View.AsSpan().Fill(0xFF);
        LongMode.WriteIdentityMap(block.View, Tables, mapped);
        NativeView<ulong> words = block.View.Cast<ulong>();
        Assert.Equal(ulong.MaxValue, words[(nuint)(Tables / 8) - 1]);
        ulong end = (mapped + (2UL << 20) - 1) >> 21 << 21;
        for (ulong address = 0; address < end + (64UL << 20); address += 1UL << 20)
            Assert.Equal(address < end ? address : null, Walk(words, Tables, address));
        Assert.Null(Walk(words, Tables, 1UL << 39));
    }

    [Fact]
    public void What_cannot_be_mapped_is_refused()
    {
        using var block = new NativeBlock<byte>(4 * 4096, 4096);
        NativeView<byte> memory = block.View;
        Assert.Throws<ArgumentOutOfRangeException>("mappedBytes", () => LongMode.WriteIdentityMap(memory, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>("mappedBytes", () => LongMode.WriteIdentityMap(memory, 0, (512UL << 30) + 1));
        Assert.Throws<ArgumentOutOfRangeException>("tables", () => LongMode.WriteIdentityMap(memory, 100, 4096));
        Assert.Throws<ArgumentOutOfRangeException>("tables", () => LongMode.WriteIdentityMap(memory, 2 * 4096, 4096));
        Assert.Throws<ArgumentOutOfRangeException>("tables", () => LongMode.WriteIdentityMap(memory, ulong.MaxValue - 4095, 4096));
        Assert.All(memory.AsSpan().ToArray(), value => Assert.Equal(0, value));
        LongMode.WriteIdentityMap(memory, 4096, 4096);
    }

    // Three levels of 9 bits, the last of which maps 2 MiB.
    private static ulong? Walk(NativeView<ulong> words, ulong table, ulong address)
    {
        for (int shift = 39; ; shift -= 9)
        {
            ulong entry = words[(nuint)((table / 8) + ((address >> shift) & 511))];
            if ((entry & 3) != 3)
                return null;
            table = entry & 0x000F_FFFF_FFFF_F000;
            if ((entry & 0x80) != 0)
                return table + (address & ((1UL << shift) - 1));
        }
    }
}
