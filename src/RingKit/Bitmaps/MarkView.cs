using RingKit.Memory;

namespace RingKit.Bitmaps;

/// <summary>The words of a bitmap for code that marks without a call: what a JIT or an interpreter generates.</summary>
/// <remarks>
/// <para>
/// For a byte address from 0, the page is <c>address &gt;&gt; Shift</c>. Any of these marks it:
/// </para>
/// <list type="bullet">
/// <item><c>lock or byte ptr [BasePointer + (address &gt;&gt; (Shift + 3))], 1 &lt;&lt; ((address &gt;&gt; Shift) &amp; 7)</c></item>
/// <item><c>lock or qword ptr [BasePointer + (address &gt;&gt; (Shift + 6)) * 8], 1 &lt;&lt; ((address &gt;&gt; Shift) &amp; 63)</c></item>
/// <item><c>lock bts qword ptr [BasePointer], address &gt;&gt; Shift</c></item>
/// <item>on arm64 <c>ldsetlb</c> or <c>ldsetl</c>, which release, of the same byte or word</item>
/// </list>
/// <para>
/// The mark comes after the store to the page. Under <see cref="TestBehindFence"/> and <see cref="TestBeforeBarrier"/> the code may skip it as
/// these do; the or is right under each. Nothing is checked: the page must be below <see cref="Pages"/>.
/// </para>
/// Thread role: as the bitmap's marks. The view keeps the words until it is disposed, even when the bitmap is disposed before:
/// then marks go where nobody looks. Dispose it when no thread can run the code any more. Words laid over another party's memory are kept by that party.
/// </remarks>
public sealed class MarkView : IDisposable
{
    private readonly NativeLease _lease;
    private nuint _basePointer;

    internal MarkView(NativeLease lease, nuint basePointer, ulong pages, Granule granule)
    {
        _lease = lease;
        _basePointer = basePointer;
        Pages = pages;
        Granule = granule;
    }

    /// <summary>The address of the bit of page 0, a multiple of 8; it stays the same, so code may hold it as a constant.</summary>
    /// <exception cref="ObjectDisposedException">The view is disposed.</exception>
    public nuint BasePointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_basePointer == 0, this);
            return _basePointer;
        }
    }

    /// <summary>How far an address is shifted right to give its page, from 0 to 21.</summary>
    public int Shift => Granule.Shift;

    /// <summary>How many bytes a page has.</summary>
    public Granule Granule { get; }

    /// <summary>How many pages the bitmap stands for.</summary>
    public ulong Pages { get; }

    /// <summary>Gives the words back. No code may mark through the view any more.</summary>
    public void Dispose()
    {
        _basePointer = 0;
        _lease.Dispose();
    }
}
