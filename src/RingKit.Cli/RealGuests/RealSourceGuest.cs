using RingKit.Cli.Machines;
using RingKit.Cli.Migrate;
using RingKit.Cli.Migrate.Running;
using RingKit.Cli.Migrate.Workloads;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.DirtyLogging.Adaptive;
using RingKit.Kvm.Guests;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.RealGuests;

/// <summary>A guest on the kernel's KVM to be migrated. Its program and its page tables are in its memory, and travel with it.</summary>
internal sealed class RealSourceGuest : ISourceGuest
{
    private readonly StoringGuest _guest;
    private readonly int _first;
    private readonly int _pages;

    /// <param name="memory">The guest's memory: one slot from address 0 on; its owner disposes it later.</param>
    /// <param name="log">How the kernel tells what is written.</param>
    /// <param name="settings">What it stores, and how it is made.</param>
    /// <exception cref="Commands.CommandException">There is no KVM here, or too little memory for a guest.</exception>
    /// <exception cref="GuestFailedException">The kernel refuses something.</exception>
    public RealSourceGuest(GuestMemory memory, LogChoice log, MigrateSettings settings)
    {
        MemorySlot slot = memory.Slots[0];
        _first = StoringGuest.FirstPageOf(slot.Memory.Length);
        _pages = (int)slot.PageCount - _first;
        if (_pages < settings.Vcpus)
            throw new Commands.CommandException($"--memory: a real guest of {settings.Vcpus} vCPUs has {_first + settings.Vcpus} pages at least, {_first} of them for its program and page tables");
        KvmGuestOptions options = log.RealOptions(settings.Vcpus, settings.RingEntries, new KvmFormRule());
        _guest = StoringGuest.Create(memory, options, vcpu => StoresOf(settings, vcpu, GuestStores.SafeTurns));
    }

    public VirtualMachine Machine => _guest.Guest.Machine;

    public IDirtyLog Log => _guest.Guest.Log;

    /// <summary>The time of full rings: of all else nobody tells.</summary>
    public VcpuStalls Stalls => new() { RingFullTime = _guest.Threads.StallTime };

    /// <inheritdoc/>
    /// <remarks>The vCPUs are no faster than the kernel lets them be.</remarks>
    public IRunningGuest Start(MigrateSettings settings, GuestThrottle? throttle = null)
    {
        if (settings.WriteRate is not (0 or MigrateSettings.Unlimited))
        {
            int turns = GuestPace.TurnsFor(_guest, settings.StoresPerSecond, StoresOf(settings, 0, GuestStores.SafeTurns));
            _guest.Load(vcpu => StoresOf(settings, vcpu, turns));
        }

        return new RealRunningGuest(_guest, isIdle: settings.WriteRate == 0);
    }

    public void Dispose() => _guest.Dispose();

    private GuestStores StoresOf(MigrateSettings settings, int vcpu, int turns) =>
        StoringGuest.ShareOf(PatternOf(settings.Pattern), _first, _pages, vcpu, settings.Vcpus, (uint)settings.Seed) with { Turns = turns };

    private static GuestPattern PatternOf(StorePattern pattern) => pattern switch
    {
        StorePattern.Sequential => GuestPattern.Sequential,
        StorePattern.Hot => GuestPattern.HotSet,
        _ => GuestPattern.Random,
    };
}
