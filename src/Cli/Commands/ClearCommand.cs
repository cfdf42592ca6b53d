using System.CommandLine;

namespace ZarrCache.Cli.Commands;

/// <summary>Removes what is cached.</summary>
internal static class ClearCommand
{
    private static readonly Option<bool> Forget = new("--forget")
    {
        Description = "Remove the store's origin from the manifest too, so that its id can stand for another. No other process may use the store meanwhile.",
    };

    public static Command Create()
    {
        var command = new ExampleCommand(
            "clear",
            "Removes what is cached: all of it, one store, or the keys of a store that begin with a prefix. The origin is not touched.",
            "zarr-cache clear --cache ~/zarr --store era5 --prefix u/",
            "zarr-cache clear --cache ~/zarr --store era5 --forget",
            "zarr-cache clear --cache ~/zarr")
        {
            CommonOptions.Cache, CommonOptions.Store, CommonOptions.Prefix, Forget,
        };
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        string? storeId = context.Get(CommonOptions.Store);
        string prefix = context.Get(CommonOptions.Prefix)!;
        bool forget = context.Get(Forget);
        if (storeId is null && (prefix.Length > 0 || forget))
        {
            throw new ArgumentException($"{(forget ? "--forget" : "--prefix")} needs a store; add --store ID.");
        }

        if (forget && prefix.Length > 0)
        {
            throw new ArgumentException("--forget is for a whole store; leave --prefix out.");
        }

        ZarrKey.ValidatePrefix(prefix);
        await using CacheDirectory cache = await context.OpenCacheAsync(ct);
        if (storeId is not null && !cache.Stores.ContainsKey(storeId) && !(await cache.Index.ListStoresAsync(ct)).Contains(storeId))
        {
            throw new ArgumentException($"There is no store '{storeId}' in this cache; there is {Describe(cache.Stores.Keys)}.");
        }

        IndexTotals removed = default;
        if (forget)
        {
            removed = await cache.ForgetStoreAsync(storeId!, ct);
        }
        else
        {
            foreach (string id in storeId is null ? await cache.Index.ListStoresAsync(ct) : [storeId])
            {
                removed += await cache.Storage.DeletePrefixAsync(id, prefix, ct);
            }
        }

        if (context.IsJson)
        {
            context.WriteJson(new ClearDocument(removed.Count, removed.AbsentCount, removed.Bytes, removed.AllocatedBytes), CliJson.Documents.ClearDocument);
        }
        else
        {
            context.Output.WriteLine($"Removed {removed.Count} entries ({removed.AbsentCount} of them absences), {ByteSize.Format(removed.AllocatedBytes)} on disk.");
        }

        return ExitStatus.Success;
    }

    private static string Describe(IEnumerable<string> ids) => ids.Any() ? string.Join(", ", ids.Order(StringComparer.Ordinal)) : "none";
}

/// <summary>What <c>clear --json</c> writes.</summary>
internal sealed record ClearDocument(long Removed, long RemovedAbsences, long Bytes, long AllocatedBytes);
