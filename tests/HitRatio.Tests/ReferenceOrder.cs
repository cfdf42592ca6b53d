namespace ZarrCache.HitRatio.Tests;

/// <summary>LRU, FIFO, LIFO: what is smallest by one number goes.</summary>
internal sealed class ReferenceOrder(long capacity, Func<ReferenceCache.Item, long, long> by) : ReferenceCache(capacity)
{
    public bool TakesInWhenFull { get; init; } = true;

    protected override bool Admits(Item newcomer) => TakesInWhenFull;

    protected override void OnInsert(Item item)
    {
    }

    protected override Item NextVictim() => Items.Values.MinBy(item => by(item, Clock))!;
}
