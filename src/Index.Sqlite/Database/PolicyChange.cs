using Dapper;

namespace ZarrCache.Index.Sqlite;

/// <summary>Gives every entry a new priority when an index is opened with another policy than the one that its priorities come from.</summary>
internal static class PolicyChange
{
    /// <summary>As if every entry had been pushed in the order of its last access; one transaction, the caller's. O(n log n), only on a change.</summary>
    /// <exception cref="ZarrCacheException">Another process is using the index with its policy.</exception>
    public static void Apply(IndexConnection connection, string path, EvictionPolicy policy, bool othersAreUsingIt)
    {
        string stored = connection.Ado.ExecuteScalar<string>("SELECT policy FROM state")!;
        if (stored == policy.Name)
        {
            return;
        }

        if (othersAreUsingIt)
        {
            throw new ZarrCacheException($"The index '{path}' is in use with the policy '{stored}'; it cannot be opened with '{policy.Name}' meanwhile.");
        }

        Dictionary<long, string> stores = connection.Ado.Query<(long Id, string Name)>("SELECT id, name FROM stores").ToDictionary(store => store.Id, store => store.Name);
        long clock = connection.Ado.ExecuteScalar<long>("SELECT clock FROM state");
        Statement rows = connection.Prepare($"SELECT {EntryRow.Columns} FROM entries ORDER BY last_access, id");
        Statement update = connection.Prepare("UPDATE entries SET priority = ?2 WHERE id = ?1");
        while (rows.Step())
        {
            IndexEntry entry = EntryRow.Read(rows, stores[rows.Int64(EntryRow.StoreColumn)]);
            update.Bind(1, rows.Int64(EntryRow.IdColumn));
            update.Bind(2, policy.OnPush(entry, ++clock));
            update.Run();
        }

        connection.Ado.Execute("UPDATE state SET clock = @clock, policy = @Name", new { clock, policy.Name });
    }
}
