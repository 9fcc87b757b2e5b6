using System.Text;
using RingKit.Cli.Traces;
using Xunit;

namespace RingKit.Properties.Cli;

public sealed class LackeyLineTests
{
    [Theory]
    [InlineData("I  0401ab70,3", "Instruction", 0x401ab70UL, 3)]
    [InlineData(" L 1ffefff8,8", "Load", 0x1ffefff8UL, 8)]
    [InlineData(" S 1fff000618,16", "Store", 0x1fff000618UL, 16)]
    [InlineData(" M 0,1", "Modify", 0UL, 1)]
    [InlineData(" S fffffffffffff000,4095", "Store", 0xfffffffffffff000UL, 4095)]
    [InlineData(" S ABCDEFabcdef,4096", "Store", 0xABCDEFabcdefUL, 4096)]
    [InlineData(" S 00000000000000000000000012,0008", "Store", 0x12UL, 8)]
    public void An_access_is_read(string line, string kind, ulong address, int size)
    {
        Assert.True(LackeyLine.TryParse(Encoding.ASCII.GetBytes(line), 7, out TraceAccess access));
        Assert.Equal(new TraceAccess(address, 7, (ushort)size, Enum.Parse<TraceAccessKind>(kind)), access);
    }

    [Theory]
    [InlineData("", "an empty line")]
    [InlineData("hello", "not a line of a lackey trace: 'hello'")]
    [InlineData(" ", "not a line of a lackey trace")]
    [InlineData(" S", "not a line of a lackey trace")]
    [InlineData("S  1000,8", "not a line of a lackey trace")]
    [InlineData(" I 1000,8", "not a line of a lackey trace")]
    [InlineData("I 1000,8", "not a line of a lackey trace")]
    [InlineData(" s 1000,8", "not a line of a lackey trace")]
    [InlineData(" X 1000,8", "not a line of a lackey trace")]
    [InlineData("SB 04001090", "not a line of a lackey trace")]
    [InlineData("==12", "not a line of a lackey trace")]
    [InlineData("==12= S", "not a line of a lackey trace")]
    [InlineData("==ab== S", "not a line of a lackey trace")]
    [InlineData("==== S", "not a line of a lackey trace")]
    [InlineData("==12-- S", "not a line of a lackey trace")]
    [InlineData(" S ", "expected 'address,size'")]
    [InlineData(" S 1000", "expected 'address,size'")]
    [InlineData(" S 1000 8", "expected 'address,size'")]
    [InlineData(" S ,8", "the address is no hexadecimal number")]
    [InlineData(" S 0x1000,8", "the address is no hexadecimal number")]
    [InlineData(" S -1000,8", "the address is no hexadecimal number")]
    [InlineData(" S  1000,8", "the address is no hexadecimal number")]
    [InlineData(" S 10g0,8", "the address is no hexadecimal number")]
    [InlineData(" S 10\0,8", "the address is no hexadecimal number")]
    [InlineData(" S 10\u00e9,8", "the address is no hexadecimal number")]
    [InlineData(" S 1000,", "the size is no decimal number")]
    [InlineData(" S 1000,8 ", "the size is no decimal number")]
    [InlineData(" S 1000,-8", "the size is no decimal number")]
    [InlineData(" S 1000,8,8", "the size is no decimal number")]
    [InlineData(" S 1000,a", "the size is no decimal number")]
    [InlineData(" S 10000000000000000,8", "the address has more than 64 bits")]
    [InlineData(" S ffffffffffffffffffffffffffffffffffff,8", "the address has more than 64 bits")]
    [InlineData(" S 1000,0", "the size is out of its range, 1 to 4096")]
    [InlineData(" S 1000,4097", "the size is out of its range, 1 to 4096")]
    [InlineData(" S 1000,4294967304", "the size is out of its range, 1 to 4096")]
    [InlineData(" S 1000,99999999999999999999999999", "the size is out of its range, 1 to 4096")]
    [InlineData(" S ffffffffffffffff,1", "the access ends beyond the 64-bit address space")]
    [InlineData(" S fffffffffffffff9,8", "the access ends beyond the 64-bit address space")]
    public void A_malformed_line_is_refused_and_explained(string line, string problem)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(line);
        Assert.False(LackeyLine.TryParse(bytes, 1, out _));
        Assert.False(LackeyLine.IsRemark(bytes));
        Assert.StartsWith(problem, LackeyLine.Explain(bytes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("==14123== Lackey, an example Valgrind tool")]
    [InlineData("==1==")]
    [InlineData("--14123-- warning")]
    [InlineData("**14123** a message of the program")]
    public void What_valgrind_says_of_itself_is_a_remark(string line) => Assert.True(LackeyLine.IsRemark(Encoding.ASCII.GetBytes(line)));
}
