namespace RingKit.Bench.HashTable;

/// <summary>The dirty logs that are compared.</summary>
internal enum Log
{
    /// <summary>(a) The walk of 2011.</summary>
    Walk,

    /// <summary>The same over pages that have a chain.</summary>
    Filtered,

    /// <summary>(b) One pass over the table.</summary>
    Sweep,

    /// <summary>(c) Read-only entries: what the harvest costs. What the faults cost is a parameter.</summary>
    Faults,

    /// <summary>(d) Book3S PR's: what the fetch costs.</summary>
    Shadow,

    /// <summary>(e) The filtered walk or the sweep, by an estimate.</summary>
    Chooser,
}
