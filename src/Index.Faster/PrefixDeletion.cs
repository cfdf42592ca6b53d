using System.Text;

namespace ZarrCache.Index.Faster;

/// <summary>
/// Removes every entry of a store below a prefix: one scan of the log, then one of what was written meanwhile, then the little
/// that was written during that with everybody kept out. So nothing is left that was there before, however it was changed meanwhile.
/// </summary>
internal sealed class PrefixDeletion(LogStore log, EntryRecords records, int store, string storeId, string prefix)
{
    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(prefix);
    private IndexTotals _removed;

    /// <summary>Returns what the removed entries amounted to. With nothing moved meanwhile.</summary>
    public IndexTotals Run(CancellationToken ct)
    {
        long done = Pass(log.Log.BeginAddress, log.WholeUntil(), ct);
        done = Pass(done, log.WholeUntil(), ct);
        using AllKeysScope all = log.EnterAll();
        Pass(done, log.Log.TailAddress, ct);
        return _removed;
    }

    private long Pass(long from, long to, CancellationToken ct)
    {
        log.Scan(
            from,
            to,
            (_, key, _) =>
            {
                if (RecordKey.StoreOf(key) == store && RecordKey.WhatOf(key) is RecordKey.Whole or RecordKey.Directory && RecordKey.TextOf(key).StartsWith(_prefix))
                {
                    foreach (IndexEntry entry in records.DeleteKey(store, storeId, Encoding.UTF8.GetString(RecordKey.TextOf(key))))
                    {
                        _removed += IndexTotals.Of(entry);
                    }
                }

                return true;
            },
            ct);
        return to;
    }
}
