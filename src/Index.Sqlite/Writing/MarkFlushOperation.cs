namespace ZarrCache.Index.Sqlite;

/// <summary>Writes the accesses that wait in memory.</summary>
internal sealed class MarkFlushOperation : WriteOperation<bool>
{
    public override bool Execute(WriteTransaction transaction)
    {
        transaction.FlushMarks();
        return true;
    }
}
