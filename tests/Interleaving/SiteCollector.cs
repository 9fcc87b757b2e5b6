namespace RingKit.Interleaving;

/// <summary>Learns which ordered call sites a program meets.</summary>
internal sealed class SiteCollector
{
    private readonly HashSet<Site> _sites = [];

    public IEnumerable<Site> Sites => _sites.OrderBy(site => site.File, StringComparer.Ordinal).ThenBy(site => site.Line);

    public void Add(OperationKind kind, MemoryOrder order, string file, int line)
    {
        if (order != MemoryOrder.Relaxed)
            _sites.Add(new Site(kind, order, file, line));
    }
}
