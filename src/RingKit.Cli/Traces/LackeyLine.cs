using System.Buffers;
using System.Text;

namespace RingKit.Cli.Traces;

/// <summary>Reads one line of what <c>valgrind --tool=lackey --trace-mem=yes</c> prints.</summary>
/// <remarks>
/// <c>I  addr,size</c>, <c> L addr,size</c>, <c> S addr,size</c> or <c> M addr,size</c>: the address in hexadecimal without 0x, the size
/// in decimal.
/// </remarks>
internal static class LackeyLine
{
    private const int QuotedCharacters = 40;
    private const byte NoDigit = 0xff;

    private static readonly SearchValues<byte> HexCharacters = SearchValues.Create("0123456789abcdefABCDEF"u8);

    // By character: its value as a hexadecimal digit. As long as a byte has values, so that the loop needs no check of bounds.
    private static readonly byte[] HexDigits = MakeHexDigits();

    /// <summary>Whether valgrind says something about itself: <c>==pid==</c>, <c>--pid--</c> or <c>**pid**</c>, then anything.</summary>
    public static bool IsRemark(ReadOnlySpan<byte> line)
    {
        if (line.Length < 5 || line[0] is not ((byte)'=' or (byte)'-' or (byte)'*') || line[1] != line[0])
            return false;

        int digits = line[2..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return digits > 0 && line[(2 + digits)..].StartsWith(line[..2]);
    }

    /// <summary>Reads a line that is an access.</summary>
    /// <param name="line">Without its end.</param>
    /// <param name="number">The line's number.</param>
    /// <param name="access">What the line says.</param>
    /// <returns>False if it is malformed: <see cref="Explain"/> then says why.</returns>
    public static bool TryParse(ReadOnlySpan<byte> line, long number, out TraceAccess access)
    {
        access = default;
        if (!TryParseKind(line, out TraceAccessKind kind))
            return false;

        ulong address = 0;
        int i = 3;
        for (; i < line.Length; i++)
        {
            byte digit = HexDigits[line[i]];
            if (digit == NoDigit)
                break;
            if (address >> 60 != 0)
                return false;
            address = address << 4 | digit;
        }

        if (i == 3 || i + 1 >= line.Length || line[i] != ',')
            return false;

        uint size = 0;
        for (i++; i < line.Length; i++)
        {
            uint digit = line[i] - (uint)'0';
            if (digit > 9)
                return false;
            size = size * 10 + digit;
            if (size > TraceAccess.MaximumSize)
                return false;
        }

        if (size == 0 || address > ulong.MaxValue - size)
            return false;

        access = new TraceAccess(address, number, (ushort)size, kind);
        return true;
    }

    /// <summary>Says what is wrong with a line that <see cref="TryParse"/> refuses. In no hurry.</summary>
    public static string Explain(ReadOnlySpan<byte> line)
    {
        string text = Encoding.Latin1.GetString(line[..Math.Min(line.Length, QuotedCharacters)]);
        string quoted = $"'{text}{(line.Length > QuotedCharacters ? "..." : "")}'";
        if (!TryParseKind(line, out _))
            return line.IsEmpty ? "an empty line" : $"not a line of a lackey trace: {quoted}";

        ReadOnlySpan<byte> operands = line[3..];
        int comma = operands.IndexOf((byte)',');
        if (comma < 0)
            return $"expected 'address,size': {quoted}";

        ReadOnlySpan<byte> address = operands[..comma];
        ReadOnlySpan<byte> size = operands[(comma + 1)..];
        if (address.IsEmpty || address.ContainsAnyExcept(HexCharacters))
            return $"the address is no hexadecimal number: {quoted}";
        if (size.IsEmpty || size.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            return $"the size is no decimal number: {quoted}";
        if (address.TrimStart((byte)'0').Length > 16)
            return $"the address has more than 64 bits: {quoted}";
        if (!ushort.TryParse(size.TrimStart((byte)'0'), CultureInfo.InvariantCulture, out ushort bytes) || bytes > TraceAccess.MaximumSize)
            return $"the size is out of its range, 1 to {TraceAccess.MaximumSize}: {quoted}";
        return $"the access ends beyond the 64-bit address space: {quoted}";
    }

    private static bool TryParseKind(ReadOnlySpan<byte> line, out TraceAccessKind kind)
    {
        kind = default;
        if (line.Length < 3 || line[2] != ' ')
            return false;

        switch ((line[0], line[1]))
        {
            case ((byte)'I', (byte)' '):
                kind = TraceAccessKind.Instruction;
                return true;
            case ((byte)' ', (byte)'L'):
                kind = TraceAccessKind.Load;
                return true;
            case ((byte)' ', (byte)'S'):
                kind = TraceAccessKind.Store;
                return true;
            case ((byte)' ', (byte)'M'):
                kind = TraceAccessKind.Modify;
                return true;
            default:
                return false;
        }
    }

    private static byte[] MakeHexDigits()
    {
        byte[] digits = new byte[256];
        for (int c = 0; c < digits.Length; c++)
            digits[c] = char.IsAsciiHexDigit((char)c) ? (byte)Convert.ToInt32(((char)c).ToString(), 16) : NoDigit;
        return digits;
    }
}
