namespace RingKit.Cli.Migrate.Workloads;

/// <summary>Which pages a synthetic guest stores to.</summary>
internal enum StorePattern
{
    /// <summary>Each page is as likely as any other.</summary>
    Random,

    /// <summary>One after the other, each vCPU in its own share of the memory, over and over.</summary>
    Sequential,

    /// <summary>Nine stores of ten go to every hundredth page, the tenth to any.</summary>
    Hot,
}
