using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypervisor;
using Xunit;

namespace RingKit.Properties.HashTable.Machine;

/// <summary>A vCPU that counts in words of its own, one in each page and one at its end, vCPU 1's across it, and changes entries of pages that all vCPUs use.</summary>
internal struct GuestLife(VirtualMachine machine, int guestShift, int seed) : IGuestProgram
{
    private const int Words = 1024;
    private const ulong ReadWrite = 2;

    private readonly Random _random = new(seed);
    private readonly ulong[] _counters = new ulong[Words];
    private readonly ulong[] _registers = new ulong[8];
    private readonly byte[] _loaded = new byte[sizeof(ulong)];
    private int _id = -1;

    public ulong Stores { get; private set; }

    public ulong Hypercalls { get; private set; }

    public VcpuExit Step(Vcpu vcpu)
    {
        _id = vcpu.Id;
        int word = _random.Next(Words);
        if (_random.Next(4) == 0)
        {
            ChangeEntries(vcpu, AddressOf(word));
            return VcpuExit.None;
        }

        VcpuExit exit = vcpu.Load(AddressOf(word), _loaded);
        if (exit != VcpuExit.None)
            throw new InvalidOperationException($"vCPU {vcpu.Id}'s load ended with {exit}.");
        if (BitConverter.ToUInt64(_loaded) != _counters[word])
            throw new InvalidOperationException($"vCPU {vcpu.Id} loads {BitConverter.ToUInt64(_loaded)} where it stored {_counters[word]}.");
        exit = vcpu.Store(AddressOf(word), _counters[word] + 1);
        if (exit != VcpuExit.None)
            throw new InvalidOperationException($"vCPU {vcpu.Id}'s store ended with {exit}.");
        _counters[word]++;
        Stores++;
        return VcpuExit.None;
    }

    /// <summary>Whether the memory holds what the vCPU stored last.</summary>
    public readonly void Check(MemorySlot slot)
    {
        for (int word = 0; word < Words; word++)
            Assert.Equal(_counters[word], BitConverter.ToUInt64(slot.Memory.AsSpan()[(int)AddressOf(word)..]));
    }

    // Even words lie in the middle of a page, odd ones at its end; the last page's stays inside.
    private readonly ulong AddressOf(int word)
    {
        ulong page = (ulong)word / 2 << GuestPage.Shift;
        ulong own = (ulong)_id * sizeof(ulong);
        if (word % 2 == 0)
            return page + 1024 + own;
        return word == Words - 1 ? page + 2048 + own : page + GuestPage.Size - 12 + own;
    }

    private void ChangeEntries(Vcpu vcpu, ulong address)
    {
        // The guest's kernel has address spaces of its own, but in the first segment its hash is that of the page.
        HptGeometry geometry = machine.HashTable!.Geometry;
        ulong group = geometry.Group(HptGeometry.Hash(0, address, guestShift, oneTebibyte: true));
        ulong index = (group * HptGeometry.EntriesPerGroup) + (ulong)_random.Next(2);
        switch (_random.Next(6))
        {
            case 0:
                Call(vcpu, Hypercall.Remove, 0, index, 0);
                break;
            case 1:
                // Out and in again, perhaps at another place of the group, perhaps beside one that another vCPU has entered meanwhile.
                if (Call(vcpu, Hypercall.Remove, 0, index, 0))
                    Call(vcpu, Hypercall.Enter, 0, index, _registers[0], _registers[1]);
                break;
            case 2:
                Call(vcpu, Hypercall.Protect, ReadWrite | (_random.Next(2) == 0 ? HpteR.NoExecute : 0), index, 0);
                break;
            case 3:
                Call(vcpu, Hypercall.ClearModified, 0, index);
                break;
            case 4:
                Call(vcpu, Hypercall.ClearReferenced, 0, index);
                break;
            default:
                const ulong Request = 1UL << 62, End = 3UL << 62;
                ulong other = ((group + 1) & geometry.HashMask) * HptGeometry.EntriesPerGroup;
                Call(vcpu, Hypercall.BulkRemove, Request | index, 0, Request | other, 0, End);
                break;
        }
    }

    private bool Call(Vcpu vcpu, ulong number, params ReadOnlySpan<ulong> arguments)
    {
        Array.Clear(_registers);
        arguments.CopyTo(_registers);
        HypercallStatus status = machine.HashTable!.Invoke(vcpu, number, _registers);
        if (status is not (HypercallStatus.Success or HypercallStatus.NotFound or HypercallStatus.PtegFull or HypercallStatus.Function))
            throw new InvalidOperationException($"Hypercall 0x{number:X} returned {status}.");
        Hypercalls += status == HypercallStatus.Success ? 1ul : 0;
        return status == HypercallStatus.Success;
    }
}
