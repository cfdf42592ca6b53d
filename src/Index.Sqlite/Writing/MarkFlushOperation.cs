namespace ZarrCache.Index.Sqlite;

/// <summary>Writes the accesses that wait in memory, and what the policy remembers.</summary>
internal sealed class MarkFlushOperation : WriteOperation<bool>
{
    public override bool Execute(WriteTransaction transaction)
    {
        transaction.FlushMarks();
        transaction.SavePolicy();
        return true;
    }
}
