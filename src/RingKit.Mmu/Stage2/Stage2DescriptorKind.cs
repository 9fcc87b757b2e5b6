namespace RingKit.Mmu.Stage2;

/// <summary>What the hardware takes a stage-2 descriptor for, at its level.</summary>
public enum Stage2DescriptorKind
{
    /// <summary>All zero: not mapped, and not counted as a reference on its table.</summary>
    Empty,

    /// <summary>Not valid and not zero: ignored by the hardware, a note of the software's, counted as a reference on its table.</summary>
    Annotation,

    /// <summary>Names a table of the next level.</summary>
    Table,

    /// <summary>Maps 1 GiB (level 1) or 2 MiB (level 2).</summary>
    Block,

    /// <summary>Maps 4 KiB (level 3).</summary>
    Page,

    /// <summary>Valid by its bit 0, with a pattern that its level does not have: the hardware faults as if it were not valid.</summary>
    Reserved,
}
