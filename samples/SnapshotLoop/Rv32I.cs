using System.Buffers.Binary;
using RingKit.Bitmaps.Listing;
using RingKit.Memory;

namespace SnapshotLoop;

/// <summary>A processor with RISC-V's base integer instructions, over memory whose stores it marks. Data must be aligned, so no store crosses a page.</summary>
internal sealed class Rv32I(NativeView<byte> memory, DirtyList dirty)
{
    public const int PageShift = 12;

    public enum Exit { Call, Break, Illegal, Fault, Timeout }

    /// <summary>The 32 registers, and behind them the program counter.</summary>
    public uint[] State { get; } = new uint[33];

    /// <summary>Runs to a call or a break, behind which it can go on, to an instruction that cannot be, or so many steps.</summary>
    public Exit Run(int maximumSteps)
    {
        Span<byte> ram = memory.AsSpan();
        Span<byte> stored = stackalloc byte[4];
        uint[] x = State;
        ref uint pc = ref x[32];
        for (int step = 0; step < maximumSteps; step++)
        {
            if (!IsThere(ram, pc, 4))
                return Exit.Fault;
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(ram[(int)pc..]);
            uint funct3 = word >> 12 & 7, funct7 = word >> 25, target = word >> 7 & 31, next = pc + 4, result = 0;
            uint a = x[word >> 15 & 31], b = x[word >> 20 & 31], immediate = (uint)((int)word >> 20);
            switch (word & 0x7F)
            {
                case 0x37: result = word & 0xFFFFF000; break;                                             // lui
                case 0x17: result = pc + (word & 0xFFFFF000); break;                                      // auipc
                case 0x6F: (result, next) = (next, pc + JumpOffset(word)); break;                         // jal
                case 0x67 when funct3 == 0: (result, next) = (next, a + immediate & ~1u); break;          // jalr
                case 0x63 when funct3 is not (2 or 3):                                                    // beq, bne, blt, bge, bltu, bgeu
                    bool isTrue = (funct3 >> 1) switch { 0 => a == b, 2 => (int)a < (int)b, _ => a < b };
                    if (isTrue == ((funct3 & 1) == 0))
                        next = pc + BranchOffset(word);
                    target = 0;
                    break;
                case 0x03 when funct3 is not (3 or > 5):                                                  // lb, lh, lw, lbu, lhu
                    uint from = a + immediate;
                    if (!IsThere(ram, from, 1u << (int)(funct3 & 3)))
                        return Exit.Fault;
                    result = Extend(funct3, BinaryPrimitives.ReadUInt32LittleEndian(ram[(int)(from & ~3u)..]) >> (int)(from & 3) * 8);
                    break;
                case 0x23 when funct3 <= 2:                                                               // sb, sh, sw
                    uint to = a + (immediate & ~31u) + target;
                    if (!IsThere(ram, to, 1u << (int)funct3))
                        return Exit.Fault;
                    BinaryPrimitives.WriteUInt32LittleEndian(stored, b);
                    stored[..(1 << (int)funct3)].CopyTo(ram[(int)to..]);
                    dirty.Mark(to >> PageShift);
                    target = 0;
                    break;
                case 0x13 when funct3 is not (1 or 5): result = Compute(funct3, false, a, immediate); break;              // addi, slti, ..., andi
                case 0x13 when IsKnown(funct3, funct7): result = Compute(funct3, funct7 != 0, a, immediate); break;       // slli, srli, srai
                case 0x33 when IsKnown(funct3, funct7): result = Compute(funct3, funct7 != 0, a, b); break;               // add, sub, ..., and
                case 0x0F when funct3 == 0: target = 0; break;                                            // fence
                case 0x73 when word is 0x73 or 0x100073:                                                  // ecall, ebreak
                    pc = next;
                    return word == 0x73 ? Exit.Call : Exit.Break;
                default: return Exit.Illegal;
            }

            if (target != 0)
                x[target] = result;
            pc = next;
        }

        return Exit.Timeout;
    }

    private static bool IsThere(Span<byte> ram, uint address, uint bytes) => (address & (bytes - 1)) == 0 && address <= (uint)ram.Length - bytes;

    // The second form of an operation, at 0x20: sub for add, sra for srl, srai for srli.
    private static bool IsKnown(uint funct3, uint funct7) => funct7 == 0 || (funct7 == 0x20 && funct3 is 0 or 5);

    private static uint JumpOffset(uint word) =>
        (uint)((int)word >> 11) & 0xFFF00000 | word & 0xFF000 | word >> 9 & 0x800 | word >> 20 & 0x7FE;

    private static uint BranchOffset(uint word) =>
        (uint)((int)word >> 19) & 0xFFFFF000 | word << 4 & 0x800 | word >> 20 & 0x7E0 | word >> 7 & 0x1E;

    private static uint Extend(uint funct3, uint loaded) =>
        funct3 switch { 0 => (uint)(sbyte)loaded, 1 => (uint)(short)loaded, 2 => loaded, 4 => (byte)loaded, _ => (ushort)loaded };

    private static uint Compute(uint funct3, bool isSecond, uint a, uint b) => funct3 switch
    {
        0 => isSecond ? a - b : a + b,
        1 => a << (int)b,
        2 or 3 => (funct3 == 2 ? (int)a < (int)b : a < b) ? 1u : 0,
        4 => a ^ b,
        5 => isSecond ? (uint)((int)a >> (int)b) : a >> (int)b,
        _ => funct3 == 6 ? a | b : a & b,
    };
}
