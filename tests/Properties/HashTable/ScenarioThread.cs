using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Properties.HashTable;

/// <summary>
/// The only thread of a scenario, host's and vCPUs' in one. The vCPUs' TLBs keep R and C back until a tlbie, where they are told to; and one that has set
/// C does not set it again before the next tlbie, as hardware does not.
/// </summary>
/// <remarks>Copies share one state.</remarks>
internal readonly struct ScenarioThread(Book3sHvCore<HardwareOrdering> core) : IHostThread
{
    // Nobody else runs, so what is not there after a few spins will never be.
    private const int MostSpins = 1000;

    /// <summary>How many vCPUs there are, each with a TLB.</summary>
    public const int Vcpus = 3;

    private readonly State _state = new();

    /// <summary>Runs at each spin: the other thread that this one waits for.</summary>
    public Action? OnRelax { get => _state.OnRelax; set => _state.OnRelax = value; }

    /// <summary>Runs when a tlbie begins, before pending R and C are written.</summary>
    public Action? OnTlbie { get => _state.OnTlbie; set => _state.OnTlbie = value; }

    /// <summary>The indices of each tlbie so far.</summary>
    public IReadOnlyList<ulong[]> Tlbies => _state.Tlbies;

    /// <summary>The translations that the vCPUs hold.</summary>
    public int Translations => _state.Translations.Count;

    /// <summary>A store through an entry, found by its index.</summary>
    /// <param name="index">The entry.</param>
    /// <param name="late">R and C stay with the processor until a tlbie.</param>
    /// <param name="vcpu">Whose TLB is asked before the table.</param>
    /// <returns>False, and nothing done, if the entry lets nobody store.</returns>
    public bool Store(ulong index, bool late = false, int vcpu = 0) => Access(index, HpteR.ReferencedChanged, late, vcpu);

    /// <summary>A load through an entry.</summary>
    /// <inheritdoc cref="Store"/>
    public bool Load(ulong index, bool late = false, int vcpu = 0) => Access(index, HpteR.Referenced, late, vcpu);

    /// <summary>Whether some vCPU has stored through an entry and not written C back yet.</summary>
    public bool KeepsChanged(ulong index)
    {
        for (int vcpu = 0; vcpu < Vcpus; vcpu++)
        {
            if (KeepsChanged(index, vcpu))
                return true;
        }

        return false;
    }

    /// <summary>Whether this vCPU has.</summary>
    public bool KeepsChanged(ulong index, int vcpu) =>
        (_state.Translations.GetValueOrDefault((vcpu, index)).Pending & HpteR.Changed) != 0;

    public void Relax()
    {
        if (++_state.Spins > MostSpins)
            throw new InvalidOperationException("The thread waits for what will never come.");
        _state.OnRelax?.Invoke();
    }

    public void Tlbie(scoped ReadOnlySpan<ulong> indices)
    {
        _state.Tlbies.Add(indices.ToArray());
        _state.OnTlbie?.Invoke();
        foreach (ulong index in indices)
        {
            for (int vcpu = 0; vcpu < Vcpus; vcpu++)
            {
                if (_state.Translations.Remove((vcpu, index), out Translation translation) && translation.Pending != 0)
                    core.Table.SetByHardware(index, translation.Pending);
            }
        }
    }

    private bool Access(ulong index, ulong bits, bool late, int vcpu)
    {
        Translation translation = _state.Translations.GetValueOrDefault((vcpu, index));
        if ((translation.Known & bits) == bits)
            return true;

        // What the processor does not know yet it looks up in the table.
        Hpte entry = core.Table.Load(index);
        if (!entry.IsValid || ((bits & HpteR.Changed) != 0 && !entry.IsWritable))
            return false;
        if (!late)
            core.Table.SetByHardware(index, bits);
        _state.Translations[(vcpu, index)] = new Translation(translation.Known | bits, late ? translation.Pending | bits : translation.Pending);
        return true;
    }

    private readonly record struct Translation(ulong Known, ulong Pending);

    private sealed class State
    {
        public Dictionary<(int Vcpu, ulong Index), Translation> Translations { get; } = [];

        public List<ulong[]> Tlbies { get; } = [];

        public Action? OnRelax { get; set; }

        public Action? OnTlbie { get; set; }

        public int Spins { get; set; }
    }
}
