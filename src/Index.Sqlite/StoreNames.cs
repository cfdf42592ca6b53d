using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace ZarrCache.Index.Sqlite;

/// <summary>
/// The stores that were seen, by name and by id. A store keeps its row and its id for as long as the database lives,
/// so what is remembered stays true whatever other processes do. Thread-safe.
/// </summary>
internal sealed class StoreNames
{
    private readonly ConcurrentDictionary<string, long> _ids = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, string> _names = new();

    public bool TryGetId(string name, out long id) => _ids.TryGetValue(name, out id);

    /// <summary>Remembers a store whose row is committed.</summary>
    public void Add(string name, long id)
    {
        _ids[name] = id;
        _names[id] = name;
    }

    public bool TryGetName(long id, [MaybeNullWhen(false)] out string name) => _names.TryGetValue(id, out name);

    /// <summary>The name of a store, looked up on a connection that reads the first time.</summary>
    public string NameOf(long id, IndexConnection connection) => TryGetName(id, out string? name) ? name : _names.GetOrAdd(id, QueryName(id, connection));

    /// <summary>The id of a store, looked up on a connection that reads until it is there; null if it is not.</summary>
    public long? FindId(string name, IndexConnection connection)
    {
        if (_ids.TryGetValue(name, out long known))
        {
            return known;
        }

        long? found = QueryId(name, connection);
        if (found is { } id)
        {
            Add(name, id);
        }

        return found;
    }

    /// <summary>The id of a store as the connection sees it, which may be inside a transaction that fails later: nothing is remembered.</summary>
    public static long? QueryId(string name, IndexConnection connection)
    {
        Statement find = connection.Prepare("SELECT id FROM stores WHERE name = ?1");
        find.BindText(1, name);
        long? id = find.Step() ? find.Int64(0) : null;
        find.Reset();
        return id;
    }

    /// <summary>All stores as the connection sees them, those without an entry too; nothing is remembered.</summary>
    public static IReadOnlyList<(long Id, string Name)> QueryAll(IndexConnection connection)
    {
        var stores = new List<(long Id, string Name)>();
        Statement rows = connection.Prepare("SELECT id, name FROM stores");
        while (rows.Step())
        {
            stores.Add((rows.Int64(0), rows.Text(1)));
        }

        return stores;
    }

    /// <summary>The name of a store as the connection sees it; nothing is remembered.</summary>
    public static string QueryName(long id, IndexConnection connection)
    {
        Statement find = connection.Prepare("SELECT name FROM stores WHERE id = ?1");
        find.Bind(1, id);
        string? name = find.Step() ? find.Text(0) : null;
        find.Reset();
        return name ?? throw new CacheFormatException($"An entry belongs to store {id}, which the index does not know.");
    }
}
