namespace ZarrCache.Index.Sqlite;

/// <summary>Gives every entry a new priority when an index is opened with another policy than the one that its priorities come from.</summary>
internal static class PolicyChange
{
    /// <summary>As if every entry had been pushed in the order of its last access; one transaction. O(n log n), only on a change.</summary>
    /// <exception cref="ZarrCacheException">Another process is using the index with its policy.</exception>
    public static void Apply(IndexConnection connection, string path, EvictionPolicy policy, bool othersAreUsingIt)
    {
        (string stored, _) = ReadState(connection);
        if (stored == policy.Name)
        {
            return;
        }

        if (othersAreUsingIt)
        {
            throw new ZarrCacheException($"The index '{path}' is in use with the policy '{stored}'; it cannot be opened with '{policy.Name}' meanwhile.");
        }

        connection.Execute("BEGIN IMMEDIATE");
        (_, long clock) = ReadState(connection);
        var names = new StoreNames();
        Statement rows = connection.Prepare($"SELECT {EntryRow.Columns} FROM entries ORDER BY last_access, id");
        Statement update = connection.Prepare("UPDATE entries SET priority = ?2, access_clock = ?3, referenced = 0 WHERE id = ?1");
        while (rows.Step())
        {
            IndexEntry entry = EntryRow.Read(rows, names.NameOf(rows.Int64(EntryRow.StoreColumn), connection));
            update.Bind(1, rows.Int64(EntryRow.IdColumn));
            update.Bind(2, Priorities.OnPush(policy, entry, ++clock));
            update.Bind(3, clock);
            update.Run();
        }

        PolicyState.Write(connection, policy.SaveState());
        Statement remember = connection.Prepare("UPDATE state SET clock = ?1, policy = ?2");
        remember.Bind(1, clock);
        remember.BindText(2, policy.Name);
        remember.Run();
        connection.Execute("COMMIT");
    }

    private static (string Policy, long Clock) ReadState(IndexConnection connection)
    {
        Statement state = connection.Prepare("SELECT policy, clock FROM state");
        state.Step();
        (string Policy, long Clock) read = (state.Text(0), state.Int64(1));
        state.Reset();
        return read;
    }
}
