namespace ZarrCache.Index.Sqlite;

/// <summary>By priority, along its index; of one store, or of all.</summary>
internal sealed class PriorityPages(IndexQuery query) : EntryPages
{
    private IReadOnlyList<(long Id, string Name)>? _stores;
    private PriorityMerge.Position? _place;
    private PriorityMerge.Position _end;

    public override bool Read(ReadConnection reader, List<IndexEntry> page, int limit)
    {
        _stores ??= FindStores(reader);
        var merge = new PriorityMerge(reader.Connection, _stores, query.Kind, query.Descending);
        if (_place is null)
        {
            // where it ends is fixed now: an entry that is marked meanwhile moves beyond, or who marks what he is given would never end
            if (new PriorityMerge(reader.Connection, _stores, query.Kind, !query.Descending).First() is not { } end)
            {
                return false;
            }

            _end = end;
            _place = merge.Start;
        }

        int left = limit;
        foreach (PlacedEntry row in merge.Read(_place.Value))
        {
            var here = PriorityMerge.Position.Of(row);
            if (query.Descending ? here.CompareTo(_end) < 0 : here.CompareTo(_end) > 0)
            {
                return false;
            }

            page.Add(row.Entry);
            _place = here;
            if (--left == 0)
            {
                return true;
            }
        }

        return false;
    }

    private IReadOnlyList<(long Id, string Name)> FindStores(ReadConnection reader)
    {
        if (query.StoreId is not { } storeId)
        {
            return StoreNames.QueryAll(reader.Connection);
        }

        return reader.FindStore(storeId) is { } store ? [(store, storeId)] : [];
    }
}
