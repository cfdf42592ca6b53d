namespace ZarrCache.Index.Faster;

/// <summary>
/// The numbers by which records name their stores, 4 bytes instead of a text. A number is given once and never to another
/// store, so that no record is taken for another's. Thread-safe.
/// </summary>
internal sealed class StoreTable
{
    // Guards the making of a new table; both fields are replaced whole, and read without it.
    private readonly Lock _lock = new();
    private volatile Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private volatile string[] _ids = [];

    /// <summary>The store that was asked for last: the same text again costs no hash.</summary>
    private volatile KnownStore? _last;

    /// <summary>The stores by their numbers, those without entries included.</summary>
    public ReadOnlySpan<string> Ids => _ids;

    /// <summary>The number of a store; null if it never had an entry.</summary>
    public int? Find(string storeId)
    {
        if (_last is { } last && ReferenceEquals(last.Id, storeId))
        {
            return last.Number;
        }

        if (!_numbers.TryGetValue(storeId, out int number))
        {
            return null;
        }

        _last = new KnownStore(storeId, number);
        return number;
    }

    /// <summary>The number of a store, a new one if it has none.</summary>
    public int Get(string storeId)
    {
        if (Find(storeId) is { } known)
        {
            return known;
        }

        lock (_lock)
        {
            if (_numbers.TryGetValue(storeId, out int number))
            {
                return number;
            }

            number = _ids.Length;
            _ids = [.. _ids, storeId];
            _numbers = new Dictionary<string, int>(_numbers, StringComparer.Ordinal) { [storeId] = number };
            return number;
        }
    }

    private sealed record KnownStore(string Id, int Number);
}
