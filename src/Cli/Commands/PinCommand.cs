using System.CommandLine;
using Spectre.Console;

namespace ZarrCache.Cli.Commands;

/// <summary>Keeps a prefix from being given up, or lists what is kept.</summary>
internal static class PinCommand
{
    public static Command Create()
    {
        var command = new ExampleCommand(
            "pin",
            "Keeps what is cached of a store, or below a prefix of it, now or later, from being given up: for work without the origin. Without --store it lists the pins. Pinning fetches nothing: warm does.",
            "zarr-cache pin --cache ~/zarr --store era5 --prefix u/",
            "zarr-cache pin --cache ~/zarr --store era5",
            "zarr-cache pin --cache ~/zarr")
        {
            CommonOptions.Cache, CommonOptions.Store, CommonOptions.Prefix,
        };
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        string prefix = context.Get(CommonOptions.Prefix)!;
        if (context.Get(CommonOptions.Store) is not { } storeId)
        {
            if (prefix.Length > 0)
            {
                throw new ArgumentException("--prefix needs a store; add --store ID.");
            }

            return await ListAsync(context, ct);
        }

        await using CacheDirectory cache = await context.OpenCacheAsync(ct);
        IndexTotals pinned = await cache.PinAsync(storeId, prefix, ct);
        if (context.IsJson)
        {
            context.WriteJson(new PinDocument(storeId, prefix, pinned.Count, pinned.AllocatedBytes), CliJson.Documents.PinDocument);
        }
        else
        {
            context.Output.WriteLine($"Pinned '{prefix}' of {storeId}: {pinned.Count} entries that are there, {ByteSize.Format(pinned.AllocatedBytes)} on disk, and all that come.");
            if (pinned.AllocatedBytes > cache.MaxSize / 2)
            {
                context.Error.WriteLine($"zarr-cache: That is more than half of the cache's {ByteSize.Format(cache.MaxSize)}; what is pinned never makes room for anything else.");
            }
        }

        return ExitStatus.Success;
    }

    private static async Task<int> ListAsync(CommandContext context, CancellationToken ct)
    {
        await using CacheDirectory cache = await context.OpenCacheAsync(ct);
        IReadOnlyList<Pin> pins = await cache.Storage.ListPinsAsync(ct);
        if (context.IsJson)
        {
            foreach (Pin pin in pins)
            {
                context.WriteJson(new PinLine(pin.StoreId, pin.Prefix), CliJson.Lines.PinLine);
            }
        }
        else if (pins.Count == 0)
        {
            context.Output.WriteLine("Nothing is pinned. Pin a store or a prefix with 'zarr-cache pin --store ID --prefix PREFIX'.");
        }
        else
        {
            Table table = context.NewTable("Store", "Prefix");
            foreach (Pin pin in pins)
            {
                table.AddRow(Markup.Escape(pin.StoreId), pin.Prefix.Length == 0 ? "(all)" : Markup.Escape(pin.Prefix));
            }

            context.Console.Write(table);
        }

        return ExitStatus.Success;
    }
}

/// <summary>What <c>pin --store ID --json</c> writes: what is there below the pin.</summary>
internal sealed record PinDocument(string Store, string Prefix, long Entries, long AllocatedBytes);

/// <summary>What <c>pin --json</c> writes for each pin.</summary>
internal sealed record PinLine(string Store, string Prefix);
