using System.CommandLine;

namespace ZarrCache.Cli.Commands;

/// <summary>Takes a pin back.</summary>
internal static class UnpinCommand
{
    private static readonly Option<string?> Store = CommonOptions.NewStoreId("The store.", required: true);

    public static Command Create()
    {
        var command = new ExampleCommand(
            "unpin",
            "Takes a pin back: what it kept is given up again as the policy says. Nothing is removed.",
            "zarr-cache unpin --cache ~/zarr --store era5 --prefix u/",
            "zarr-cache unpin --cache ~/zarr --store era5")
        {
            CommonOptions.Cache, Store, CommonOptions.Prefix,
        };
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        (string storeId, string prefix) = (context.Get(Store)!, context.Get(CommonOptions.Prefix)!);
        await using CacheDirectory cache = await context.OpenCacheAsync(ct);
        if (!await cache.UnpinAsync(storeId, prefix, ct))
        {
            throw new ArgumentException($"'{prefix}' of store '{storeId}' is not pinned; 'zarr-cache pin --cache DIR' lists what is.");
        }

        if (context.IsJson)
        {
            context.WriteJson(new PinLine(storeId, prefix), CliJson.Documents.PinLine);
        }
        else
        {
            context.Output.WriteLine($"'{prefix}' of {storeId} is pinned no longer.");
        }

        return ExitStatus.Success;
    }
}
