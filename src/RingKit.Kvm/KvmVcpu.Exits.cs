using RingKit.Mmu;

namespace RingKit.Kvm;

/// <content>What an exit says, and what it is answered.</content>
public sealed unsafe partial class KvmVcpu
{
    // Offsets of struct kvm_parts.Run. The kernel writes it in KVM_RUN alone.
    private const int ReasonOffset = 8;
    private const int DetailsOffset = 32;
    private const int MmioDataOffset = DetailsOffset + 8;

    // Where what the guest reads is expected, and how many bytes of it; 0 bytes if it reads nothing.
    private nuint _answerOffset;
    private uint _answerBytes;

    /// <summary>Gives the guest what it reads from a port, or from what is no memory; without an answer it reads what is there by chance.</summary>
    /// <param name="value">The value, of which the guest reads as many low bytes as it wants.</param>
    /// <exception cref="InvalidOperationException">The last exit was no read of one value.</exception>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public void AnswerRead(ulong value)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_answerBytes == 0 || _isInRun)
                throw new InvalidOperationException("The vCPU has not left the guest to read a value.");
            new ReadOnlySpan<byte>(&value, (int)_answerBytes).CopyTo(new Span<byte>(_parts.Run.DangerousPointer + _answerOffset, (int)_answerBytes));
        }
    }

    private KvmExit ReadExit(Errno error)
    {
        _answerBytes = 0;
        if (error == Errno.Interrupted)
            return new KvmExit(KvmExitReason.Interrupted, error);
        var reason = (KvmExitReason)(*(uint*)(_parts.Run.DangerousPointer + ReasonOffset));
        if (error != Errno.None && reason != KvmExitReason.MemoryFault)
            return new KvmExit(KvmExitReason.None, error);

        byte* details = _parts.Run.DangerousPointer + DetailsOffset;
        var exit = new KvmExit(reason, error);
        return reason switch
        {
            KvmExitReason.Io => ReadPortAccess(exit, details),
            KvmExitReason.Mmio => ReadMmio(exit, details),
            KvmExitReason.FailedEntry => exit with { Detail = *(ulong*)details },
            KvmExitReason.InternalError or KvmExitReason.SystemEvent => exit with { Detail = *(uint*)details },
            KvmExitReason.MemoryFault => exit with { Detail = *(ulong*)details, Address = *(ulong*)(details + 8), Size = *(ulong*)(details + 16) },
            _ => exit,
        };
    }

    // direction, size, port, count, and where the data are in the mapping.
    private KvmExit ReadPortAccess(KvmExit exit, byte* details)
    {
        uint size = details[1], count = *(uint*)(details + 4);
        ulong offset = *(ulong*)(details + 8);
        bool isWrite = details[0] != 0, isInside = size <= sizeof(ulong) && offset <= _parts.Run.Length - sizeof(ulong);
        if (!isWrite && isInside && count == 1)
            (_answerOffset, _answerBytes) = ((nuint)offset, size);
        return exit with
        {
            Address = *(ushort*)(details + 2),
            Size = size,
            Count = count,
            IsWrite = isWrite,
            Value = isWrite && isInside ? Truncate(*(ulong*)(_parts.Run.DangerousPointer + offset), size) : 0,
        };
    }

    // address, 8 bytes of data, length, direction.
    private KvmExit ReadMmio(KvmExit exit, byte* details)
    {
        uint size = Math.Min(*(uint*)(details + 16), sizeof(ulong));
        bool isWrite = details[20] != 0;
        if (!isWrite)
            (_answerOffset, _answerBytes) = (MmioDataOffset, size);
        return exit with
        {
            Address = *(ulong*)details,
            Size = size,
            Count = 1,
            IsWrite = isWrite,
            Value = isWrite ? Truncate(*(ulong*)(details + 8), size) : 0,
        };
    }

    private static ulong Truncate(ulong value, uint size) => size >= sizeof(ulong) ? value : value & ((1UL << (int)(8 * size)) - 1);
}
