namespace RingKit.Properties.Stage2.Model;

/// <summary>What a thread of a <see cref="TableProgram"/> can do.</summary>
internal enum TableAction
{
    /// <summary>A load through an address, if the table translates it.</summary>
    Load,

    /// <summary>A store through an address, if the table lets it through.</summary>
    Store,

    /// <summary>A fault that maps the page, sharing the lock.</summary>
    Map,

    /// <summary>A fault that maps the block of the page; over a table it takes the lock alone.</summary>
    MapBlock,

    /// <summary>A fault that adds the write permission, sharing the lock.</summary>
    Relax,

    /// <summary>A fault that sets AF, sharing the lock.</summary>
    SetYoung,

    /// <summary>The block is split, sharing the lock.</summary>
    Split,

    /// <summary>The block's table is collapsed, alone.</summary>
    Collapse,

    /// <summary>The pages of the block that have addresses are unmapped, alone; a block goes as a whole.</summary>
    Unmap,

    /// <summary>The write permission is taken from all pages, alone, and what has been stored is copied.</summary>
    Protect,

    /// <summary>AF is taken from all pages, alone.</summary>
    Age,

    /// <summary>The thread's cache is topped up from the pool, or emptied into it if it is full.</summary>
    Refill,
}
