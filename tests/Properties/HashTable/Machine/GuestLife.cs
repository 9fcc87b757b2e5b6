using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.HashTable.Machine;

/// <summary>
/// A vCPU that counts in words of its own, one in each page and one at its end, vCPU 1's across it; changes entries of pages that all vCPUs use; and has pages of
/// its own zeroed and copied by the hypervisor.
/// </summary>
internal struct GuestLife(VirtualMachine machine, int guestShift, int id, int seed) : IGuestProgram
{
    /// <summary>Pages that all vCPUs count in.</summary>
    public const int SharedPages = 512;

    /// <summary>Pages behind them for each vCPU.</summary>
    public const int OwnPages = 5;

    private const ulong ReadWrite = 2;

    private readonly Random _random = new(seed);
    private readonly CountedWords _words = new(id, firstGfn: 0, SharedPages);
    private readonly ulong[] _own = new ulong[OwnPages];
    private readonly ulong[] _registers = new ulong[8];
    private ulong _ownStores;

    public readonly ulong Stores => _words.Stores + _ownStores;

    public ulong Hypercalls { get; private set; }

    public ulong PageInits { get; private set; }

    public VcpuExit Step(Vcpu vcpu)
    {
        int word = _random.Next(_words.Count);
        if (_random.Next(256) == 0)
            Thread.Yield();   // In the guest: who waits for this vCPU gets a turn.
        switch (_random.Next(8))
        {
            case < 2:
                ChangeEntries(vcpu, _words.AddressOf(word));
                break;
            case 2:
                ChangeOwnPage(vcpu, _random.Next(OwnPages));
                break;
            default:
                _words.CountUp(vcpu, word);
                break;
        }

        return VcpuExit.None;
    }

    /// <summary>Whether the memory holds what the vCPU stored last.</summary>
    public readonly void Check(MemorySlot slot)
    {
        _words.Check(slot);
        for (int page = 0; page < OwnPages; page++)
            Assert.Equal(_own[page], BitConverter.ToUInt64(slot.Memory.AsSpan()[(int)OwnWord(page)..]));
    }

    private readonly ulong OwnPage(int page) => (ulong)(SharedPages + (id * OwnPages) + page) << GuestPage.Shift;

    private readonly ulong OwnWord(int page) => OwnPage(page) + 2048;

    private void ChangeOwnPage(Vcpu vcpu, int page)
    {
        int source = _random.Next(OwnPages);
        switch (_random.Next(3))
        {
            case 0 when Call(vcpu, Hypercall.PageInit, HypercallFlags.ZeroPage, OwnPage(page)):
                _own[page] = 0;
                PageInits++;
                break;
            case 1 when Call(vcpu, Hypercall.PageInit, HypercallFlags.CopyPage, OwnPage(page), OwnPage(source)):
                _own[page] = _own[source];
                PageInits++;
                break;
            default:
                CountedWords.CountUp(vcpu, OwnWord(page), ref _own[page]);
                _ownStores++;
                break;
        }
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
                EnterAgain(vcpu, index);
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

    // Out and in again: perhaps at another place of the group, perhaps beside one that another vCPU has entered meanwhile. Bolted at the very place, if it is still
    // free: bolted entries in all places would leave the guest's kernel none to evict.
    private void EnterAgain(Vcpu vcpu, ulong index)
    {
        if (!Call(vcpu, Hypercall.Remove, 0, index, 0))
            return;
        if (_random.Next(4) == 0)
            Call(vcpu, Hypercall.Enter, HypercallFlags.Exact, index, _registers[0] | HpteV.Bolted, _registers[1]);
        else
            Call(vcpu, Hypercall.Enter, 0, index, _registers[0] & ~HpteV.Bolted, _registers[1]);
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
