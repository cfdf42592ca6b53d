using ZarrCache.Metadata;

namespace ZarrCache.Server.Page;

/// <summary>
/// A picture of a plane through the chunk grid of an array: two axes are chosen, the place along the others is fixed. A plane
/// with more chunks than a picture has points is drawn in bins, of each of which some chunks are looked at: the cost is
/// bounded by <see cref="MaxLookUps"/>, however many chunks the array has or the cache holds.
/// </summary>
/// <param name="Path">The array.</param>
/// <param name="X">The axis that runs to the right; −1 for an array without axes.</param>
/// <param name="Y">The axis that runs down; −1 for an array with one axis or none.</param>
/// <param name="Window">The first and the last chunk, exclusive, along X and along Y.</param>
/// <param name="BinX">Chunks to a point, to the right.</param>
/// <param name="BinY">Chunks to a point, down.</param>
/// <param name="Width">Points.</param>
/// <param name="Height">Points.</param>
/// <param name="LookedAt">How many chunks were looked at; all of the window, if there are no bins.</param>
/// <param name="Cached">For each point, row by row: the share of the bytes of its chunks that is cached, of those looked at; 0 to 100.</param>
/// <param name="Absent">The share that is known not to exist, 0 to 100.</param>
/// <param name="Reads">The reads of the chunk that was read most.</param>
/// <param name="Age">Seconds since one of them was read last; −1 if none is cached.</param>
internal sealed record ChunkMap(
    string Path, int X, int Y, long[] Window, long BinX, long BinY, int Width, int Height, long LookedAt,
    int[] Cached, int[] Absent, long[] Reads, long[] Age)
{
    /// <summary>Points along each side at most.</summary>
    public const int MaxSide = 128;

    /// <summary>Look-ups in the index for one picture, roughly.</summary>
    public const int MaxLookUps = 16 * 1024;

    /// <summary>Objects that are looked for in parts, which costs more than a look-up.</summary>
    private const int MaxPartLookUps = 1024;

    /// <summary>Chunks whose reads are asked for as they are written down: what the index remembers of an entry has the reads of when it was remembered.</summary>
    private const int MaxHeatLookUps = 1024;

    /// <summary>Draws.</summary>
    /// <param name="cache">What holds the chunks.</param>
    /// <param name="storeId">The store.</param>
    /// <param name="array">The array.</param>
    /// <param name="view">Which plane, and which window of it; what lies outside of the grid is cut off.</param>
    /// <param name="now">The time, for ages.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<ChunkMap> DrawAsync(CacheDirectory cache, string storeId, ZarrArray array, ChunkMapView view, DateTimeOffset now, CancellationToken ct)
    {
        long[] grid = [.. array.GridShape];
        (long x0, long x1) = view.X < 0 ? (0, 1) : Clip(view.Window[0], view.Window[1], grid[view.X]);
        (long y0, long y1) = view.Y < 0 ? (0, 1) : Clip(view.Window[2], view.Window[3], grid[view.Y]);
        long binX = Math.Max(1, (x1 - x0 + view.Side - 1) / view.Side);
        long binY = Math.Max(1, (y1 - y0 + view.Side - 1) / view.Side);
        int width = (int)((x1 - x0 + binX - 1) / binX);
        int height = (int)((y1 - y0 + binY - 1) / binY);
        if (array.ChunkCount == 0)
        {
            (width, height) = (0, 0);
        }

        int points = width * height;
        var map = new ChunkMap(array.Path, view.X, view.Y, [x0, x1, y0, y1], binX, binY, width, height, 0, new int[points], new int[points], new long[points], new long[points]);
        long samples = Math.Min(binX * binY, Math.Max(1, MaxLookUps * view.Side / MaxSide * view.Side / MaxSide / Math.Max(1, points)));
        bool seeksParts = array.Sharding is not null || points * samples <= MaxPartLookUps;
        int partLookUps = 0;
        int heatLookUps = 0;
        long lookedAt = 0;
        long[] place = [.. view.At];
        for (int point = 0; point < points; point++)
        {
            (long left, long top) = (x0 + (point % width * binX), y0 + (point / width * binY));
            (long across, long down) = (Math.Min(binX, x1 - left), Math.Min(binY, y1 - top));
            long count = Math.Min(samples, across * down);
            double cached = 0;
            long absent = 0;
            map.Age[point] = -1;
            for (long sample = 0; sample < count; sample++)
            {
                long inBin = (long)((sample + 0.5) * across * down / count);
                if (view.X >= 0)
                {
                    place[view.X] = left + (inBin % across);
                }

                if (view.Y >= 0)
                {
                    place[view.Y] = top + (inBin / across);
                }

                string key = array.GetChunkKey(place);
                lookedAt++;
                IndexEntry? entry = await cache.Storage.FindAsync(storeId, key, ct);
                if (entry is { Kind: EntryKind.Absent })
                {
                    absent++;
                    continue;
                }

                if (entry is not null)
                {
                    cached++;
                    Note(map, point, heatLookUps++ < MaxHeatLookUps ? await AsWrittenAsync(cache, entry, ct) : entry, now);
                }
                else if (seeksParts && partLookUps++ < MaxPartLookUps)
                {
                    cached += await NotePartsAsync(cache, storeId, key, map, point, now, ct);
                }
            }

            map.Cached[point] = count == 0 ? 0 : (int)Math.Ceiling(100.0 * cached / count);
            map.Absent[point] = count == 0 ? 0 : (int)Math.Ceiling(100.0 * absent / count);
        }

        return map with { LookedAt = lookedAt };
    }

    /// <summary>One chunk in detail.</summary>
    public static async Task<ChunkDocument> DescribeAsync(CacheDirectory cache, string storeId, string key, CancellationToken ct)
    {
        IndexEntry? entry = await cache.Storage.FindAsync(storeId, key, ct);
        if (entry is { Kind: EntryKind.Absent })
        {
            return new ChunkDocument(key, "absent", 0, 0, entry.AccessCount, entry.LoadDuration.TotalSeconds, entry.StoredAt, entry.LastAccess, null);
        }

        if (entry is not null)
        {
            entry = await AsWrittenAsync(cache, entry, ct);
            return new ChunkDocument(key, "cached", entry.ObjectSize, entry.Size, entry.AccessCount, entry.LoadDuration.TotalSeconds, entry.StoredAt, entry.LastAccess, entry.ETag);
        }

        return await cache.Storage.FindPartsAsync(storeId, key, ByteRange.All, ct) is { Parts: { Count: > 0 } parts } found
            ? new ChunkDocument(
                key, "part", found.Info.Size, parts.Sum(part => part.Size), parts.Sum(part => part.AccessCount), parts.Sum(part => part.LoadDuration.TotalSeconds),
                parts.Max(part => part.StoredAt), parts.Max(part => part.LastAccess), found.Info.ETag)
            : new ChunkDocument(key, "unknown", 0, 0, 0, null, null, null, null);
    }

    /// <summary>An entry with its latest reads: of the keys that begin with its own it is the first.</summary>
    private static async ValueTask<IndexEntry> AsWrittenAsync(CacheDirectory cache, IndexEntry entry, CancellationToken ct)
    {
        await foreach (IndexEntry written in cache.Index.EnumerateAsync(new IndexQuery(entry.StoreId, entry.Key, Order: IndexOrder.Key, Limit: 1), ct))
        {
            return written.EntryKey == entry.EntryKey ? written : entry;
        }

        return entry;
    }

    private static async ValueTask<double> NotePartsAsync(CacheDirectory cache, string storeId, string key, ChunkMap map, int point, DateTimeOffset now, CancellationToken ct)
    {
        if (await cache.Storage.FindPartsAsync(storeId, key, ByteRange.All, ct) is not { Parts: { Count: > 0 } parts } found)
        {
            return 0;
        }

        foreach (IndexEntry part in parts)
        {
            Note(map, point, part, now);
        }

        return Math.Min(1, (double)parts.Sum(part => part.Size) / Math.Max(1, found.Info.Size));
    }

    private static void Note(ChunkMap map, int point, IndexEntry entry, DateTimeOffset now)
    {
        map.Reads[point] = Math.Max(map.Reads[point], entry.AccessCount);
        long age = Math.Max(0, (long)(now - entry.LastAccess).TotalSeconds);
        map.Age[point] = map.Age[point] < 0 ? age : Math.Min(map.Age[point], age);
    }

    private static (long From, long To) Clip(long from, long to, long count)
    {
        from = Math.Clamp(from, 0, Math.Max(0, count - 1));
        return (from, Math.Clamp(to, from, count));
    }
}
