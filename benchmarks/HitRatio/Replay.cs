namespace ZarrCache.HitRatio;

/// <summary>Sends the reads of a trace through an index as a cache storage would: found, marked; else room is made and it is pushed.</summary>
public static class Replay
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task<Outcome> RunAsync(Trace trace, IStoreIndex index, long capacity, CancellationToken ct)
    {
        var outcome = default(Outcome);
        for (int i = 0; i < trace.Requests.Count; i++)
        {
            Request request = trace.Requests[i];
            EntryKey key = trace.Keys[request.Key];
            bool hit = await index.FindAsync(key, ct).ConfigureAwait(false) is not null;
            outcome = new Outcome(
                outcome.Requests + 1,
                outcome.Hits + (hit ? 1 : 0),
                outcome.Bytes + request.Size,
                outcome.HitBytes + (hit ? request.Size : 0),
                outcome.MissCost + (hit ? 0 : request.Cost),
                outcome.TotalCost + request.Cost);
            if (hit)
            {
                await index.MarkAsync(key, Start.AddMilliseconds(i), ct).ConfigureAwait(false);
            }
            else
            {
                await TakeInAsync(index, NewEntry(key, request, i), capacity, ct).ConfigureAwait(false);
            }
        }

        return outcome;
    }

    private static async ValueTask TakeInAsync(IStoreIndex index, IndexEntry entry, long capacity, CancellationToken ct)
    {
        IndexTotals totals = await index.GetTotalsAsync(null, ct).ConfigureAwait(false);
        long over = totals.AllocatedBytes + entry.AllocatedSize - capacity;
        if (entry.AllocatedSize > capacity)
        {
            return;
        }

        if (over > 0)
        {
            var request = new PopRequest(Bytes: over);
            if (!await index.AdmitsAsync(entry, request, ct).ConfigureAwait(false))
            {
                return;
            }

            await index.PopAsync(request, ct).ConfigureAwait(false);
        }

        await index.PushAsync(entry, ct).ConfigureAwait(false);
    }

    private static IndexEntry NewEntry(EntryKey key, Request request, int at) => new()
    {
        StoreId = key.StoreId,
        Key = key.Key,
        Size = request.Size,
        AllocatedSize = request.Size,
        ObjectSize = request.Size,
        LoadDuration = TimeSpan.FromMilliseconds(request.Cost),
        StoredAt = Start.AddMilliseconds(at),
        ValidatedAt = Start.AddMilliseconds(at),
        LastAccess = Start.AddMilliseconds(at),
        Version = at + 1,
    };
}
