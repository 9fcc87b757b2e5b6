namespace RingKit.Kvm.Host;

/// <summary>What the kernel can say of a page: <c>PAGE_IS_...</c>.</summary>
[Flags]
internal enum PageCategories : ulong
{
    None = 0,

    /// <summary>Asynchronous write protection is on there.</summary>
    WpAllowed = 1UL << 0,

    /// <summary>Written since it was protected.</summary>
    Written = 1UL << 1,

    /// <summary>Of a file.</summary>
    File = 1UL << 2,

    /// <summary>In memory.</summary>
    Present = 1UL << 3,

    /// <summary>In the swap.</summary>
    Swapped = 1UL << 4,

    /// <summary>The kernel's page of zeros.</summary>
    PfnZero = 1UL << 5,

    /// <summary>Part of a huge page.</summary>
    Huge = 1UL << 6,
}
