namespace ZarrCache.Index.Sqlite;

/// <summary>What the policy remembers, in the database: one blob, replaced as a whole.</summary>
internal static class PolicyState
{
    private const string WriteSql = "INSERT INTO policy_state VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET state = ?1";

    /// <summary>In the caller's transaction. Other processes see that it changed by the count in <c>state</c>.</summary>
    public static void Write(IndexConnection connection, ReadOnlySpan<byte> state)
    {
        Statement write = connection.Prepare(WriteSql);
        write.BindBlob(1, state);
        write.Run();
        connection.Execute("UPDATE state SET policy_saves = policy_saves + 1");
    }

    /// <summary>Empty if none was written.</summary>
    public static byte[] Read(IndexConnection connection)
    {
        Statement read = connection.Prepare("SELECT state FROM policy_state");
        byte[] state = read.Step() ? read.Bytes(0).ToArray() : [];
        read.Reset();
        return state;
    }
}
