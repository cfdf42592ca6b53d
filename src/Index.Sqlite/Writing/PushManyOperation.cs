namespace ZarrCache.Index.Sqlite;

/// <summary>Pushes many entries, in order, so many in each transaction.</summary>
internal sealed class PushManyOperation(ReadOnlyMemory<IndexEntry> entries) : WriteOperation<bool>
{
    /// <summary>Larger transactions are hardly faster (measured), and make others wait longer.</summary>
    private const int Step = 10_000;

    private int _committed;
    private int _reached;

    public override int Weight => Math.Min(Step, entries.Length - _committed);

    public override bool Execute(WriteTransaction transaction)
    {
        _reached = Math.Min(_committed + Step, entries.Length);
        foreach (IndexEntry entry in entries.Span[_committed.._reached])
        {
            PushOperation.Push(transaction, entry);
        }

        return _reached == entries.Length;
    }

    public override void OnCommitted() => _committed = _reached;
}
