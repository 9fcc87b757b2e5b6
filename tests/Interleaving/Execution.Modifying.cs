using System.Runtime.Intrinsics;

namespace RingKit.Interleaving;

/// <summary>Read-modify-writes: a load and a store in one step, with nothing between them in the modification order.</summary>
internal sealed partial class Execution
{
    /// <summary>Reads, and stores what the operation makes of the value and the operand, next to what it read.</summary>
    public ulong ReadModifyWrite<TOperation>(
        LogicalThread thread, nuint address, int size, ulong operand, MemoryOrder order, string file, int line)
        where TOperation : struct, IModification
    {
        order = OrderAt(OperationKind.ReadModifyWrite, order, file, line);
        Location location = Announce(thread, OperationKind.ReadModifyWrite, address, size);
        thread.Tick();
        CheckPlain(thread, location, writes: true, file, line);

        StoreRecord floor = ReadChoices(thread, location, out int count);
        int position = Choose(location, count, out int distance);
        StoreRecord read = location.Stores[position];
        Modify(thread, location, position, distance, floor, TOperation.Apply(read.Value, operand), order, file, line);
        return read.Value;
    }

    /// <summary>Replaces the value if it is the comparand; otherwise it is a load, and the only store that it must not read holds that.</summary>
    public ulong CompareExchange(
        LogicalThread thread, nuint address, int size, ulong value, ulong comparand, MemoryOrder order, string file, int line)
    {
        order = OrderAt(OperationKind.ReadModifyWrite, order, file, line);
        Location location = Announce(thread, OperationKind.ReadModifyWrite, address, size, comparand);
        thread.Tick();

        // Strict: checked as a write although a refusal is none.
        CheckPlain(thread, location, writes: true, file, line);

        StoreRecord floor = ReadChoices(thread, location, out int count);
        int position = Choose(location, count, out int distance);
        StoreRecord read = location.Stores[position];
        if (read.Value == comparand)
        {
            Modify(thread, location, position, distance, floor, value, order, file, line);
            SettleTentativeReads(thread, kept: true, file, line);
            return comparand;
        }

        Vector128<int> causeBefore = thread.Cause;
        ModelMemory.Load(thread, location, read, Acquires(order));
        location.AddRead(StepCount);
        thread.Spin.NoteRead(location, read);
        Trace?.Step(thread, OperationKind.ReadModifyWrite, order, location, read.Value, read, null, StepCount, file, line);
        Record(thread, OperationKind.Load, location, distance, floor, null, causeBefore, refuses: true);
        SettleTentativeReads(thread, kept: false, file, line);
        return read.Value;
    }

    private static bool Acquires(MemoryOrder order) => order is MemoryOrder.Acquire or MemoryOrder.AcquireRelease;

    private static bool Releases(MemoryOrder order) => order is MemoryOrder.Release or MemoryOrder.AcquireRelease;

    private void Modify(
        LogicalThread thread,
        Location location,
        int position,
        int distance,
        StoreRecord floor,
        ulong value,
        MemoryOrder order,
        string file,
        int line)
    {
        StoreRecord read = location.Stores[position];
        Vector128<int> causeBefore = thread.Cause;
        ModelMemory.Load(thread, location, read, Acquires(order));
        location.AddRead(StepCount);
        StoreRecord written = Memory.Store(thread, location, position, value, Releases(order), StepCount, read);
        thread.Spin.NoteRead(location, written);
        thread.Spin.NoteWrite(location, written);
        Trace?.Step(thread, OperationKind.ReadModifyWrite, order, location, value, read, written, StepCount, file, line);
        Record(thread, OperationKind.ReadModifyWrite, location, distance, floor, written, causeBefore);
        WakeFor(location, thread);
    }
}
