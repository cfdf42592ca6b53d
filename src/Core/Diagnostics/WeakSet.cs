namespace ZarrCache;

/// <summary>Objects that are watched and not kept alive: who forgets to dispose of one leaks a few bytes until the next <see cref="Add"/>s. Thread-safe.</summary>
internal sealed class WeakSet<T>
    where T : class
{
    private readonly Lock _lock = new();
    private List<WeakReference<T>> _items = [];
    private int _pruneAt = 16;

    /// <summary>O(1) on average.</summary>
    public void Add(T item)
    {
        lock (_lock)
        {
            if (_items.Count >= _pruneAt)
            {
                _items = [.. _items.Where(one => one.TryGetTarget(out _))];
                _pruneAt = Math.Max(16, 2 * _items.Count);
            }

            _items.Add(new WeakReference<T>(item));
        }
    }

    public void Remove(T item)
    {
        lock (_lock)
        {
            _items.RemoveAll(one => !one.TryGetTarget(out T? target) || ReferenceEquals(target, item));
        }
    }

    /// <summary>Those that are alive.</summary>
    public List<T> ToList()
    {
        lock (_lock)
        {
            List<T> alive = [];
            foreach (WeakReference<T> one in _items)
            {
                if (one.TryGetTarget(out T? target))
                {
                    alive.Add(target);
                }
            }

            return alive;
        }
    }
}
