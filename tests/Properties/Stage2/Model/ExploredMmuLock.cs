using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;

namespace RingKit.Properties.Stage2.Model;

/// <summary>The lock of a page table, by threads that share it and threads that have it alone.</summary>
internal sealed class ExploredMmuLock : ExploredStructure
{
    public override string Name => "MMU lock";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        LockProgram.Of("A", "A"),
        LockProgram.Of("A", "S"),
        LockProgram.Of("SA", "S"),
        LockProgram.Of("S", "S", "A"),
    ];

    public override Gen<ModelProgram> Programs =>
        from threads in Gen.Choose(2, 3)
        from turns in Gen.Elements("S", "A", "SS", "SA", "AS").ArrayOf(threads)
        select (ModelProgram)LockProgram.Of(turns);
}
