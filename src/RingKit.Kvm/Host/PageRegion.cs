using System.Runtime.InteropServices;

namespace RingKit.Kvm.Host;

/// <summary>Neighbouring pages of the same categories: <c>struct page_region</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PageRegion
{
    /// <summary>Bytes of one.</summary>
    public const int SizeInBytes = 24;

    /// <summary>The address of the first page. 0 where the kernel has written nothing.</summary>
    public ulong Start;

    /// <summary>The address behind the last page.</summary>
    public ulong End;

    /// <summary>What the pages have in common, as far as it was asked for.</summary>
    public PageCategories Categories;
}
