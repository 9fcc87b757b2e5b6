namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>Stands between a log and the test, and breaks what the log reports, from the second iteration under logging on.</summary>
internal sealed class SelfTestMutant(SelfTestMutation mutation, SelfTestMemory memory, int seed)
{
    private readonly Random _random = new(seed);
    private int _withheld = -1;
    private int _toWithhold;
    private bool _withholds;

    /// <summary>Begins an iteration; what came late is reported in it.</summary>
    /// <param name="isFirst">Whether the log has started just before.</param>
    /// <param name="isLast">Whether it is the last iteration.</param>
    /// <param name="reported">The pages reported, none yet.</param>
    public void Begin(bool isFirst, bool isLast, SelfTestPages reported)
    {
        if (mutation == SelfTestMutation.ReportsLate && _withheld >= 0)
            reported.WhileRunning[_withheld] = true;
        _withheld = -1;
        _toWithhold = _random.Next(8);
        bool always = mutation is SelfTestMutation.DropsPage or SelfTestMutation.ReportsLate;
        _withholds = !isFirst && (always || (mutation == SelfTestMutation.MissesInLast && isLast));
    }

    /// <summary>Whether a page that the log reports gets through. One that is kept back was not reported before.</summary>
    public bool Passes(int page, SelfTestPages reported)
    {
        if (_withholds && _withheld < 0 && !reported.Has(page) && _toWithhold-- <= 0)
            _withheld = page;
        return page != _withheld;
    }

    /// <summary>Ends an iteration under logging: all is reported.</summary>
    public void End(ulong iteration, bool isFirst, SelfTestPages reported)
    {
        if (isFirst || mutation is not (SelfTestMutation.MarksNeighbour or SelfTestMutation.LeavesStaleValue))
            return;
        bool marks = mutation == SelfTestMutation.MarksNeighbour;
        int page = _random.Next(SelfTestMemory.PageCount);
        for (int i = 1; i < SelfTestMemory.PageCount; i++, page = (page + 1) % SelfTestMemory.PageCount)
        {
            if (!reported.Has(page) || memory.ValueOf(page) != iteration)
                continue;
            int neighbour = (page + 1) % SelfTestMemory.PageCount;
            if (!marks)
                memory.SetValueOf(page, iteration - 1);
            else if (!reported.Has(neighbour) && memory.ValueOf(neighbour) < iteration)
                reported.WhenStopped[neighbour] = true;
            else
                continue;
            return;
        }
    }
}
