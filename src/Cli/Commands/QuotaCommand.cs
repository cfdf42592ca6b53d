using System.CommandLine;
using Spectre.Console;

namespace ZarrCache.Cli.Commands;

/// <summary>Sets what a store may count on and may take, or lists it.</summary>
internal static class QuotaCommand
{
    private static readonly Option<long?> Minimum = CommonOptions.NewSize("--min", "What other stores cannot take away from this one, such as 5GiB. The minima of all stores must fit into the cache's size.");

    private static readonly Option<long?> Maximum = CommonOptions.NewSize("--max", "What the store may take up at most; there it gives up its own entries for its own.");

    private static readonly Option<bool> Remove = new("--remove") { Description = "Take the store's quota away." };

    public static Command Create()
    {
        var command = new ExampleCommand(
            "quota",
            "Sets what a store is guaranteed and what it may take of the size that all stores share. Without --min, --max and --remove it lists the quotas.",
            "zarr-cache quota --cache ~/zarr --store era5 --min 10GiB --max 40GiB",
            "zarr-cache quota --cache ~/zarr --store era5 --remove",
            "zarr-cache quota --cache ~/zarr")
        {
            CommonOptions.Cache, CommonOptions.Store, Minimum, Maximum, Remove,
        };
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        (string? storeId, long? minimum, long? maximum, bool remove) = (context.Get(CommonOptions.Store), context.Get(Minimum), context.Get(Maximum), context.Get(Remove));
        bool changes = remove || minimum is not null || maximum is not null;
        if (changes && storeId is null)
        {
            throw new ArgumentException("A quota is a store's; add --store ID.");
        }

        if (remove && (minimum is not null || maximum is not null))
        {
            throw new ArgumentException("--remove takes the whole quota away; leave --min and --max out.");
        }

        await using CacheDirectory cache = await context.OpenCacheAsync(ct);
        if (changes)
        {
            StoreQuota before = cache.Quotas.GetValueOrDefault(storeId!, new StoreQuota());
            await cache.SetQuotaAsync(storeId!, remove ? new StoreQuota() : new StoreQuota(minimum ?? before.Minimum, maximum ?? before.Maximum), ct);
        }

        foreach ((string id, StoreQuota quota) in cache.Quotas.Where(_ => context.IsJson).OrderBy(store => store.Key, StringComparer.Ordinal))
        {
            context.WriteJson(QuotaLine.Of(id, quota), CliJson.Lines.QuotaLine);
        }

        if (!context.IsJson)
        {
            Show(context, cache);
        }

        return ExitStatus.Success;
    }

    private static void Show(CommandContext context, CacheDirectory cache)
    {
        if (cache.Quotas.Count == 0)
        {
            context.Output.WriteLine($"No store has a quota: all share {ByteSize.Format(cache.MaxSize)}.");
            return;
        }

        Table table = context.NewTable("Store", ">Minimum", ">Maximum");
        foreach ((string id, StoreQuota quota) in cache.Quotas.OrderBy(store => store.Key, StringComparer.Ordinal))
        {
            table.AddRow(Markup.Escape(id), ByteSize.Format(quota.Minimum), quota.Maximum == long.MaxValue ? "none" : ByteSize.Format(quota.Maximum));
        }

        context.Console.Write(table);
    }
}

/// <summary>What <c>quota --json</c> writes for each store that has one, in bytes; no maximum is null.</summary>
internal sealed record QuotaLine(string Store, long Minimum, long? Maximum)
{
    public static QuotaLine Of(string store, StoreQuota quota) => new(store, quota.Minimum, quota.Maximum == long.MaxValue ? null : quota.Maximum);
}
