namespace ZarrCache.HitRatio.Tests;

/// <summary>
/// A cache written for reading, not for speed, and without the library: what the replay through an index must come to, to the
/// last hit. Policies are as their papers have them: each access changes the order at once.
/// </summary>
internal abstract class ReferenceCache(long capacity)
{
    private long _used;

    protected Dictionary<int, Item> Items { get; } = [];

    /// <summary>Counts reads that lead to an order: pushes and accesses.</summary>
    protected long Clock { get; private set; }

    public static ReferenceCache Create(string policy, long capacity) => policy switch
    {
        "lru" => new ReferenceOrder(capacity, (item, _) => item.LastRead),
        "fifo" => new ReferenceOrder(capacity, (item, _) => item.Inserted),
        "lifo" => new ReferenceOrder(capacity, (item, _) => -item.Inserted) { TakesInWhenFull = false },
        "lfu" => new ReferenceGreedyDual(capacity, (frequency, _, _) => frequency),
        "gdsf" => new ReferenceGreedyDual(capacity, (frequency, size, cost) => frequency * Math.Clamp(cost, 0.1, 3_600_000) / Math.Max(size, 512.0)),
        "lirs" => new ReferenceLirs(capacity),
        _ => throw new ArgumentException($"There is no reference for '{policy}'.", nameof(policy)),
    };

    public Outcome Run(Trace trace)
    {
        long hits = 0;
        double bytes = 0, hitBytes = 0, missCost = 0, totalCost = 0;
        foreach (Request request in trace.Requests)
        {
            bytes += request.Size;
            totalCost += request.Cost;
            if (Items.TryGetValue(request.Key, out Item? item))
            {
                hits++;
                hitBytes += request.Size;
                item.Reads++;
                item.LastRead = ++Clock;
                OnHit(item);
            }
            else
            {
                missCost += request.Cost;
                TakeIn(request);
            }
        }

        return new Outcome(trace.Requests.Count, hits, bytes, hitBytes, missCost, totalCost);
    }

    /// <summary>Whether a newcomer is worth what would go for it first.</summary>
    protected virtual bool Admits(Item newcomer) => true;

    protected abstract void OnInsert(Item item);

    protected virtual void OnHit(Item item)
    {
    }

    /// <summary>What goes next; it is still among the items.</summary>
    protected abstract Item NextVictim();

    protected virtual void OnEvict(Item item)
    {
    }

    private void TakeIn(Request request)
    {
        if (request.Size > capacity)
        {
            return;
        }

        var item = new Item(request.Key, request.Size, request.Cost);
        if (_used + item.Size > capacity)
        {
            if (!Admits(item))
            {
                return;
            }

            while (_used + item.Size > capacity)
            {
                Item victim = NextVictim();
                OnEvict(victim);
                Items.Remove(victim.Key);
                _used -= victim.Size;
            }
        }

        item.Inserted = item.LastRead = ++Clock;
        OnInsert(item);
        Items.Add(item.Key, item);
        _used += item.Size;
    }

    internal sealed class Item(int key, long size, double cost)
    {
        public int Key => key;

        public long Size => size;

        public double Cost => cost;

        public long Inserted { get; set; }

        public long LastRead { get; set; }

        public long Reads { get; set; }

        /// <summary>What the policy makes of it.</summary>
        public double Priority { get; set; }

        /// <summary>Whether it was read since the policy last looked at it.</summary>
        public bool IsRead { get; set; }
    }
}
