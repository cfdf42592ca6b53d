using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace ZarrCache.Cli.Commands;

/// <summary>What a cache holds, in sums.</summary>
internal static class StatsCommand
{
    /// <summary>Up to so many entries the hits are summed without being asked for: about a second.</summary>
    private const long FewEntries = 1_000_000;

    private static readonly Option<bool> Hits = new("--hits")
    {
        Description = "Sum up the reads of all entries, however many there are; it takes about a second for each million. Up to a million it is done anyway.",
    };

    public static Command Create()
    {
        var command = new ExampleCommand(
            "stats",
            "Shows what a cache holds: its stores, their sizes, and what reads it has served.",
            "zarr-cache stats --cache ~/zarr",
            "zarr-cache stats --cache ~/zarr --json | jq .allocatedBytes")
        {
            CommonOptions.Cache, Hits,
        };
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        await using CacheDirectory cache = await context.OpenCacheAsync(ct, new CacheDirectorySettings { MustExist = true, LookOnly = true });
        StatsDocument stats = await ReadAsync(cache, context.Get(Hits), ct);
        if (context.IsJson)
        {
            context.WriteJson(stats, CliJson.Documents.StatsDocument);
        }
        else
        {
            Show(context, stats);
        }

        return ExitStatus.Success;
    }

    private static async Task<StatsDocument> ReadAsync(CacheDirectory cache, bool sumHits, CancellationToken ct)
    {
        var stores = new List<StoreStats>();
        foreach (string id in cache.Stores.Keys.Union(await cache.Index.ListStoresAsync(ct)).Order(StringComparer.Ordinal))
        {
            IndexTotals one = await cache.Index.GetTotalsAsync(id, ct);
            stores.Add(new StoreStats(id, cache.Stores.GetValueOrDefault(id), one.Count - one.AbsentCount, one.AbsentCount, one.Bytes, one.AllocatedBytes, cache.Quotas.TryGetValue(id, out StoreQuota? quota) ? QuotaLine.Of(id, quota) : null));
        }

        IndexTotals all = await cache.Index.GetTotalsAsync(null, ct);
        HitStats? hits = sumHits || all.Count <= FewEntries ? await SumHitsAsync(cache.Index, ct) : null;
        IReadOnlyList<Pin> pins = await cache.Storage.ListPinsAsync(ct);
        long indexFiles = new DirectoryInfo(cache.Path).EnumerateFileSystemInfos("index.*").Sum(LengthOf);
        return new StatsDocument(
            cache.Path, cache.IndexKind, cache.StoragePattern, cache.Policy.Name, cache.MaxSize,
            all.Count - all.AbsentCount, all.AbsentCount, all.Bytes, all.AllocatedBytes, indexFiles, stores, [.. pins.Select(pin => new PinLine(pin.StoreId, pin.Prefix))], hits);
    }

    /// <summary>A file, or the files of a directory.</summary>
    private static long LengthOf(FileSystemInfo entry) =>
        entry is FileInfo file ? file.Length : ((DirectoryInfo)entry).EnumerateFiles("*", SearchOption.AllDirectories).Sum(inner => inner.Length);

    private static async Task<HitStats> SumHitsAsync(IStoreIndex index, CancellationToken ct)
    {
        long reads = 0;
        long neverRead = 0;
        TimeSpan saved = TimeSpan.Zero;
        DateTimeOffset? last = null;
        await foreach (IndexEntry entry in index.EnumerateAsync(default, ct))
        {
            reads += entry.AccessCount;
            saved += entry.LoadDuration * entry.AccessCount;
            if (entry.AccessCount == 0)
            {
                neverRead++;
            }
            else if (last is null || entry.LastAccess > last)
            {
                last = entry.LastAccess;
            }
        }

        return new HitStats(reads, neverRead, saved.TotalSeconds, last);
    }

    private static void Show(CommandContext context, StatsDocument stats)
    {
        var invariant = CultureInfo.InvariantCulture;
        context.Output.WriteLine($"Cache    {stats.Cache}");
        context.Output.WriteLine($"Index    {stats.Index}, {ByteSize.Format(stats.IndexFileBytes)} beside the chunks");
        context.Output.WriteLine($"Storage  {stats.Storage}");
        context.Output.WriteLine(string.Create(invariant, $"On disk  {ByteSize.Format(stats.AllocatedBytes)} of {ByteSize.Format(stats.MaxSize)} ({100.0 * stats.AllocatedBytes / stats.MaxSize:0.0}%), what goes first is decided by {stats.Policy}"));
        if (stats.Hits is { } hits)
        {
            string last = hits.LastRead is { } at ? string.Create(invariant, $", the last at {at.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z") : "";
            context.Output.WriteLine($"Reads    {hits.Reads} served from what is cached now{last}; the origin would have taken {Durations.Format(TimeSpan.FromSeconds(hits.SavedSeconds))} for them. {hits.NeverRead} entries were not read again yet.");
        }

        if (stats.Pins.Count > 0)
        {
            context.Output.WriteLine($"Pinned   {string.Join(", ", stats.Pins.Select(pin => $"{pin.Store}:{(pin.Prefix.Length == 0 ? "(all)" : pin.Prefix)}"))}");
        }

        if (stats.Stores.Count == 0)
        {
            return;
        }

        Table table = context.NewTable("Store", ">Values", ">Absences", ">Bytes", ">On disk", ">Min", ">Max", "Origin");
        foreach (StoreStats store in stats.Stores)
        {
            table.AddRow(
                Markup.Escape(store.Store), store.Values.ToString(invariant), store.Absences.ToString(invariant),
                ByteSize.Format(store.Bytes), ByteSize.Format(store.AllocatedBytes),
                ByteSize.Format(store.Quota?.Minimum ?? 0), store.Quota?.Maximum is { } maximum ? ByteSize.Format(maximum) : "-", Markup.Escape(store.Origin ?? "(not bound)"));
        }

        context.Output.WriteLine();
        context.Console.Write(table);
    }
}

/// <summary>What <c>stats --json</c> writes.</summary>
internal sealed record StatsDocument(
    string Cache,
    string Index,
    string Storage,
    string Policy,
    long MaxSize,
    long Values,
    long Absences,
    long Bytes,
    long AllocatedBytes,
    long IndexFileBytes,
    IReadOnlyList<StoreStats> Stores,
    IReadOnlyList<PinLine> Pins,
    HitStats? Hits);

internal sealed record StoreStats(string Store, string? Origin, long Values, long Absences, long Bytes, long AllocatedBytes, QuotaLine? Quota);

/// <param name="Reads">Reads of the entries that are cached now, since each was cached.</param>
/// <param name="NeverRead">Entries that nobody has read again.</param>
/// <param name="SavedSeconds">What the origin took for each entry, times its reads.</param>
/// <param name="LastRead">When one was last read.</param>
internal sealed record HitStats(long Reads, long NeverRead, double SavedSeconds, DateTimeOffset? LastRead);
