using System.CommandLine;

namespace ZarrCache.Cli.Commands;

/// <summary>Fetches what is not cached yet.</summary>
internal static class WarmCommand
{
    private static readonly Argument<string> Origin = new("ORIGIN")
    {
        Description = "An http(s) URL, s3://bucket/path, or a directory. Credentials of a URL come from it, or from ZARRCACHE_HTTP_TOKEN, or ZARRCACHE_HTTP_USER and ZARRCACHE_HTTP_PASSWORD; those of S3 from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE) and what else AWS tools read. None are written down. How to reach a bucket stands behind it, as in s3://bucket/path?endpoint=http://host:port&region=eu-west-1&profile=me, or ?anonymous=true for public data, or ?requester-pays=true.",
    };

    private static readonly Option<string?> Store = CommonOptions.NewStoreId("The name of the dataset in the cache; it stands for this origin for good.", required: true);

    private static readonly Option<string?> Storage = new("--storage")
    {
        Description = "Where the chunks of a new cache lie: a directory or s3://bucket/path, with {store_id} in it for the dataset. A path is relative to --cache. For S3 as for ORIGIN; the path before {store_id} must be empty, and is the cache's alone. By default chunks/{store_id}.zarr.",
        HelpName = "PATTERN",
    };

    private static readonly Option<long?> MaxSize = CommonOptions.NewMaxSize();

    private static readonly Option<string?> Index = new("--index")
    {
        Description = "What keeps the books of a new cache: sqlite, which the processes of one machine share; faster, for tens of millions of keys, which one process has to itself; or redis://host:port/0?prefix=NAME (rediss:// with TLS), which many machines share. User and password of a server stand in its address, or in ZARRCACHE_REDIS_USER and ZARRCACHE_REDIS_PASSWORD; they are not written down. For a new cache sqlite; an existing one keeps its own.",
        HelpName = "INDEX",
    };

    private static readonly Option<string?> Policy = CommonOptions.NewPolicy();

    private static readonly Option<string[]> Arrays = new("--array") { Description = "Only this array and the metadata that lead to it. May be repeated.", HelpName = "PATH" };

    private static readonly Option<string[]> Selections = new("--select")
    {
        Description = "Only the chunks of a part of an array, as NumPy spells it: 'u[0,:,0:61,:]'. May be repeated.",
        HelpName = "SELECTION",
    };

    private static readonly Option<bool> PinIt = new("--pin")
    {
        Description = "Pin it first, so that nothing of it is given up: the arrays of --array or the keys of --prefix, else the whole store.",
    };

    private static readonly Option<int> Concurrency = CommonOptions.NewCount("--concurrency", "How many keys are asked for at once, 1 to 1000.", 16, 1000);

    public static Command Create()
    {
        var command = new ExampleCommand(
            "warm",
            "Fetches what is not cached yet of a dataset, and makes the cache if there is none. One request is made for each key that is missing, none for the others; after Ctrl-C the next run goes on.",
            "zarr-cache warm https://data.example.org/era5.zarr --store era5 --cache ~/zarr --max-size 50GiB",
            "zarr-cache warm https://data.example.org/era5.zarr --store era5 --cache ~/zarr --array u --array v",
            "zarr-cache warm https://data.example.org/era5.zarr --store era5 --cache ~/zarr --select 'u[0,:,0:61,:]'",
            "zarr-cache warm /mnt/archive/era5.zarr --store era5 --cache ~/zarr --prefix u/",
            "zarr-cache warm 's3://public-data/era5.zarr?anonymous=true' --store era5 --cache ~/zarr --storage 's3://lab/zarr-cache/{store_id}.zarr?endpoint=http://ceph.example.org:7480'")
        {
            Origin, Store, CommonOptions.Cache, Storage, MaxSize, Index, Policy, CommonOptions.Prefix, Arrays, Selections, PinIt, Concurrency,
        };
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        int concurrency = context.Get(Concurrency);
        (IZarrStore origin, string address) = Origins.Open(context.Get(Origin)!, concurrency, context.Logger);
        await using IZarrStore opened = origin;
        await using CacheDirectory cache = await context.OpenCacheAsync(ct, new CacheDirectorySettings
        {
            MaxSize = context.Get(MaxSize),
            Index = context.Get(Index),
            Storage = context.Get(Storage),
            Policy = context.Get(Policy) is { } policy ? EvictionPolicy.Parse(policy) : null,
            ConfigureStorage = options => options with { WhenQueueFull = QueueFullMode.Wait },
        });
        await using CachedStore store = await cache.OpenStoreAsync(origin, address, context.Get(Store)!, new CachedStoreOptions { Logger = context.Logger }, ct);
        var scope = new WarmScope
        {
            Prefix = context.Get(CommonOptions.Prefix)!,
            Selections = [.. context.Get(Arrays) ?? [], .. context.Get(Selections) ?? []],
        };
        WarmPlan plan = await WarmPlan.CreateAsync(store, scope, ct);
        foreach (string prefix in PrefixesToPin(context))
        {
            await cache.PinAsync(store.StoreId, prefix, ct);
        }

        var warmer = new Warmer(store, cache.Storage, concurrency);
        bool interrupted = false;
        await using (var progress = new WarmProgressLine(context, warmer, plan.KeyCount))
        {
            try
            {
                await warmer.RunAsync(plan, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                interrupted = true;
            }
        }

        await ReportAsync(context, cache, store, warmer, plan, interrupted);
        return interrupted ? ExitStatus.Interrupted : warmer.Progress.Failed > 0 ? ExitStatus.Findings : ExitStatus.Success;
    }

    private static IEnumerable<string> PrefixesToPin(CommandContext context)
    {
        if (!context.Get(PinIt))
        {
            return [];
        }

        if (context.Get(Selections) is { Length: > 0 })
        {
            throw new ArgumentException("--pin keeps whole prefixes, and --select chooses within them; pin the array with --array, or leave --pin out.");
        }

        return context.Get(Arrays) is { Length: > 0 } arrays ? arrays.Select(array => array.Trim('/') + "/") : [context.Get(CommonOptions.Prefix)!];
    }

    private static async Task ReportAsync(CommandContext context, CacheDirectory cache, CachedStore store, Warmer warmer, WarmPlan plan, bool interrupted)
    {
        WarmProgress done = warmer.Progress;
        CacheCounters counters = cache.Storage.Counters;
        IndexTotals totals = await cache.Index.GetTotalsAsync(null, CancellationToken.None);
        if (context.IsJson)
        {
            context.WriteJson(
                new WarmDocument(
                    store.StoreId, plan.KeyCount, done.Keys, done.Fetched, done.FetchedBytes, done.Cached, done.Absent, counters.TooLarge, done.Failed,
                    done.OriginRequests, counters.Evicted, counters.WriteFailures, totals.AllocatedBytes, cache.MaxSize, interrupted),
                CliJson.Documents.WarmDocument);
            return;
        }

        string state = interrupted ? "Interrupted after" : "Done:";
        context.Output.WriteLine(
            $"{state} {done.Keys} of {plan.KeyCount} keys: {done.Fetched} fetched ({ByteSize.Format(done.FetchedBytes)}), {done.Cached} cached already, {done.Absent} absent; {done.OriginRequests} requests to the origin.");
        context.Output.WriteLine($"On disk: {ByteSize.Format(totals.AllocatedBytes)} of {ByteSize.Format(cache.MaxSize)}.");
        if (interrupted)
        {
            context.Output.WriteLine("Run the same command again to go on.");
        }

        if (counters.Evicted > 0)
        {
            context.Output.WriteLine($"{counters.Evicted} entries were given up to make room: what is to be cached is larger than --max-size, now {ByteSize.Format(cache.MaxSize)}.");
        }

        if (counters.NoRoom + counters.Refused > 0)
        {
            context.Output.WriteLine($"{counters.NoRoom + counters.Refused} values were not cached: what would have had to go for them is pinned, guaranteed to another store, or worth more by the policy.");
        }

        if (counters.TooLarge > 0)
        {
            context.Output.WriteLine($"{counters.TooLarge} values are too large to be cached.");
        }

        if (counters.WriteFailures > 0)
        {
            context.Error.WriteLine($"zarr-cache: {counters.WriteFailures} values could not be written to the cache; --verbose says why.");
        }

        if (done.Failed > 0)
        {
            context.Error.WriteLine($"zarr-cache: {done.Failed} keys could not be fetched, the first because: {Messages.Of(warmer.Failure!)} Run the same command again to try once more.");
        }
    }
}

/// <summary>What <c>warm --json</c> writes.</summary>
internal sealed record WarmDocument(
    string Store,
    long Keys,
    long Done,
    long Fetched,
    long FetchedBytes,
    long Cached,
    long Absent,
    long TooLarge,
    long Failed,
    long OriginRequests,
    long Evicted,
    long WriteFailures,
    long AllocatedBytes,
    long MaxSize,
    bool Interrupted);
