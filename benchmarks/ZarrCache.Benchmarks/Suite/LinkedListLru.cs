namespace ZarrCache.Benchmarks.Suite;

/// <summary>The textbook LRU: a dictionary and a linked list, without locks, totals, policies or parts.</summary>
internal sealed class LinkedListLru : IIndexYardstick
{
    private readonly Dictionary<EntryKey, LinkedListNode<IndexEntry>> _nodes = [];
    private readonly LinkedList<IndexEntry> _order = [];

    public ValueTask PushAsync(IReadOnlyList<IndexEntry> batch)
    {
        foreach (IndexEntry entry in batch)
        {
            _nodes[entry.EntryKey] = _order.AddLast(entry);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> FindAsync(EntryKey key) => new(_nodes.ContainsKey(key));

    public ValueTask<IReadOnlyList<IndexEntry>> PopAsync(int count)
    {
        var popped = new List<IndexEntry>(count);
        while (popped.Count < count && _order.First is { } first)
        {
            _order.RemoveFirst();
            _nodes.Remove(first.Value.EntryKey);
            popped.Add(first.Value);
        }

        return new(popped);
    }

    public ValueTask DeleteAsync(IReadOnlyList<IndexEntry> entries)
    {
        foreach (IndexEntry entry in entries)
        {
            if (_nodes.Remove(entry.EntryKey, out LinkedListNode<IndexEntry>? node))
            {
                _order.Remove(node);
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<long?> EnumerateAsync(IndexOrder order, int limit)
    {
        IEnumerable<IndexEntry> entries = order switch
        {
            IndexOrder.Key => _order.OrderBy(entry => entry.Key, StringComparer.Ordinal),
            IndexOrder.LastAccess => _order.OrderBy(entry => entry.LastAccess),
            _ => _order,
        };
        long size = 0;
        long count = 0;
        foreach (IndexEntry entry in entries.Take(limit))
        {
            size += entry.Size;
            count++;
        }

        return new(size < 0 ? null : count);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
