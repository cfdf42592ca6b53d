namespace ZarrCache.HitRatio.Tests;

/// <summary>Greedy-Dual: worth on top of an inflation, given anew at each access, with the frequencies of what was given up or refused.</summary>
internal sealed class ReferenceGreedyDual(long capacity, Func<long, long, double, double> worth) : ReferenceCache(capacity)
{
    private readonly Dictionary<int, long> _frequencies = [];
    private double _inflation;

    protected override bool Admits(Item newcomer)
    {
        double least = NextVictim().Priority;
        if (_inflation + Worth(newcomer) >= least)
        {
            return true;
        }

        _inflation = Math.Max(_inflation, least);
        _frequencies[newcomer.Key] = Frequency(newcomer);
        return false;
    }

    protected override void OnInsert(Item item) => item.Priority = _inflation + Worth(item);

    protected override void OnHit(Item item) => item.Priority = Math.Max(item.Priority, _inflation + Worth(item));

    protected override Item NextVictim() => Items.Values.MinBy(item => (item.Priority, item.Inserted))!;

    protected override void OnEvict(Item item)
    {
        _inflation = Math.Max(_inflation, item.Priority);
        _frequencies[item.Key] = Frequency(item);
    }

    private double Worth(Item item) => worth(Frequency(item), item.Size, item.Cost);

    private long Frequency(Item item) => 1 + item.Reads + _frequencies.GetValueOrDefault(item.Key);
}
