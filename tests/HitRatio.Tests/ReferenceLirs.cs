namespace ZarrCache.HitRatio.Tests;

/// <summary>Two queues: the cold ones, first in first out, before the hot ones, least recently used first.</summary>
internal sealed class ReferenceLirs(long capacity) : ReferenceCache(capacity)
{
    private readonly Dictionary<int, long> _lastReads = [];
    private readonly HashSet<int> _hot = [];

    // of the cold ones: when each came into the queue
    private readonly Dictionary<int, long> _queued = [];
    private long _floor;
    private double _trust;
    private double _due;

    protected override void OnInsert(Item item)
    {
        if (IsHot(item))
        {
            _hot.Add(item.Key);
        }
        else
        {
            _queued[item.Key] = item.Inserted;
        }
    }

    protected override void OnHit(Item item) => item.IsRead = true;

    protected override Item NextVictim()
    {
        while (_queued.Count > 0)
        {
            Item first = Items[_queued.MinBy(place => place.Value).Key];
            if (!first.IsRead)
            {
                return first;
            }

            first.IsRead = false;
            if (_queued[first.Key] > _floor)
            {
                _queued.Remove(first.Key);
                _hot.Add(first.Key);
            }
            else
            {
                _queued[first.Key] = first.LastRead;
            }
        }

        return Items[_hot.MinBy(key => Items[key].LastRead)];
    }

    protected override void OnEvict(Item item)
    {
        _queued.Remove(item.Key);
        _lastReads[item.Key] = item.LastRead;
        if (_hot.Remove(item.Key))
        {
            _floor = Math.Max(_floor, item.LastRead);
            if (item.Reads == 0)
            {
                _trust = Math.Max(0, _trust - (1.0 / 128));
            }
        }
    }

    private bool IsHot(Item item)
    {
        if (_floor == 0)
        {
            return true;
        }

        if (_lastReads.GetValueOrDefault(item.Key) > _floor)
        {
            _trust = Math.Min(1, _trust + (1.0 / 128));
            return true;
        }

        _due += _trust;
        if (_due < 1)
        {
            return false;
        }

        _due -= 1;
        return true;
    }
}
