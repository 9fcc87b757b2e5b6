using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Streams;
using RingKit.Properties.Migration.Small;

namespace RingKit.Properties.Migration.Streams;

/// <summary>A small guest, migrated into a stream of bytes: five pages in two slots, a zero page among them, and two rounds.</summary>
internal sealed class RecordedMigration : IDisposable
{
    public RecordedMigration()
    {
        Source = NewMemory();
        Source.Slots[0].Memory.AsSpan()[..(2 * GuestPage.Size)].Fill(0x5a);
        using var machine = new VirtualMachine(Source);
        using var log = new BitmapDirtyLog(machine);
        using var guest = new SimulatedGuest(machine, seed: 7) { StoresBeforePause = 3 };
        Source.Slots[0].Memory.AsSpan().CopyTo(guest.Model[0]);
        var stream = new MemoryStream();
        MigrationResult result = new PreCopyMigration(machine, log, guest, _ => new MigrationConnection(stream)).Run();
        if (result.Outcome != MigrationOutcome.Completed)
            throw new InvalidOperationException($"The migration ended with {result.Outcome}.");
        Bytes = stream.ToArray();
    }

    /// <summary>The guest's memory at the end.</summary>
    public GuestMemory Source { get; }

    /// <summary>The stream.</summary>
    public byte[] Bytes { get; }

    /// <summary>A memory with the guest's slots.</summary>
    public static GuestMemory NewMemory()
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, 3);
        memory.AddSlot(1, 100, 2);
        return memory;
    }

    /// <summary>Receives bytes into a memory.</summary>
    public static MigrationReceipt Receive(GuestMemory memory, byte[] bytes) => new MigrationReceiver(memory).Receive(new MemoryStream(bytes));

    public void Dispose() => Source.Dispose();
}
