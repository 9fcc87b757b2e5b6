using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <summary>KVM's checks of a ring's size, in their order.</summary>
public sealed class DirtyRingSizeTests
{
    [Theory]
    [InlineData(0, Errno.Invalid)]
    [InlineData(1, Errno.Invalid)]
    [InlineData(1000 * 16, Errno.Invalid)]
    [InlineData(128 * 16, Errno.Invalid)]
    [InlineData(256 * 16, Errno.None)]
    [InlineData(4096 * 16, Errno.None)]
    [InlineData(65536 * 16, Errno.None)]
    [InlineData(131072 * 16, Errno.TooBig)]
    [InlineData((131072 * 16) + 1, Errno.Invalid)]
    [InlineData(1UL << 63, Errno.TooBig)]
    [InlineData(0x1_0000_4000, Errno.Invalid)]
    [InlineData(ulong.MaxValue, Errno.Invalid)]
    public void With_4K_pages_and_no_hardware_log(ulong bytes, Errno expected) =>
        Assert.Equal(expected, DirtyRingSize.FromBytes(bytes).Check());

    [Theory]
    [InlineData(512, 4096, 512, Errno.Invalid)]
    [InlineData(1024, 4096, 512, Errno.None)]
    [InlineData(2048, 65536, 0, Errno.Invalid)]
    [InlineData(4096, 65536, 0, Errno.None)]
    public void With_a_hardware_log_or_large_pages(ulong entries, int pageSize, int hardwareLog, Errno expected) =>
        Assert.Equal(expected, DirtyRingSize.FromEntries(entries).Check(pageSize, hardwareLog));

    [Fact]
    public void The_minimum_is_the_smallest_size_that_passes()
    {
        Assert.Equal(256ul, DirtyRingSize.MinimumEntries());
        Assert.Equal(1024ul, DirtyRingSize.MinimumEntries(4096, 512));
        Assert.Equal(4096ul, DirtyRingSize.MinimumEntries(65536));
    }

    [Fact]
    public void Entries_saturate_rather_than_wrap()
    {
        Assert.Equal(ulong.MaxValue, DirtyRingSize.FromEntries(1UL << 60).Bytes);
        Assert.Equal(Errno.Invalid, DirtyRingSize.FromEntries(1UL << 60).Check());
        Assert.Equal(16ul, DirtyRingSize.FromEntries(1).Bytes);
        Assert.Equal(1ul, DirtyRingSize.FromBytes(31).Entries);
    }
}
