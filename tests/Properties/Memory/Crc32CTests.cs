using System.Text;
using RingKit.Memory;
using Xunit;

namespace RingKit.Properties.Memory;
/// <summary>The checksum is CRC-32C, by its published values, however the bytes are cut.</summary>
public sealed class Crc32CTests
{
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("a", 0xc1d04330u)]
    [InlineData("123456789", 0xe3069283u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x22620404u)]
    public void Published_values(string text, uint checksum) => Assert.Equal(checksum, Crc32C.Append(Crc32C.Empty, Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Published_values_of_32_bytes()
    {
        // RFC 3720, B.4.
        Assert.Equal(0x8a9136aau, Crc32C.Append(Crc32C.Empty, new byte[32]));
        Assert.Equal(0x62a8ab43u, Crc32C.Append(Crc32C.Empty, Enumerable.Repeat((byte)0xff, 32).ToArray()));
        Assert.Equal(0x46dd794eu, Crc32C.Append(Crc32C.Empty, Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
    }

    [Fact]
    public void Parts_add_up()
    {
        byte[] bytes = new byte[100];
        new Random(3).NextBytes(bytes);
        uint whole = Crc32C.Append(Crc32C.Empty, bytes);
        for (int cut = 0; cut <= bytes.Length; cut++)
            Assert.Equal(whole, Crc32C.Append(Crc32C.Append(Crc32C.Empty, bytes.AsSpan(0, cut)), bytes.AsSpan(cut)));
    }
}
