namespace RingKit.Properties.MigrationEquality;

/// <summary>Where a guest stores.</summary>
internal enum StorePattern
{
    /// <summary>Anywhere.</summary>
    Random,

    /// <summary>In page after page.</summary>
    Sequential,

    /// <summary>Nine of ten stores go to one page of a hundred.</summary>
    Hot,
}
