using System.CommandLine;
using System.Globalization;

namespace ZarrCache.Cli.Commands;

/// <summary>Lists entries, streamed: the first line comes at once, whatever their number.</summary>
internal static class LsCommand
{
    private static readonly Dictionary<string, IndexOrder> Orders = new(StringComparer.Ordinal)
    {
        ["last-access"] = IndexOrder.LastAccess,
        ["count"] = IndexOrder.AccessCount,
        ["size"] = IndexOrder.Size,
        ["load-duration"] = IndexOrder.LoadDuration,
        ["key"] = IndexOrder.Key,
        ["priority"] = IndexOrder.Priority,
    };

    private static readonly Option<string?> OrderBy = new Option<string?>("--order-by")
    {
        Description = "What to sort by; left out, entries come as they come fastest. 'count' is how often an entry was read, 'load-duration' how long the origin took, 'priority' what goes first. Key and priority come at once, the others are sorted first.",
    }.AcceptOnlyFromAmong([.. Orders.Keys]);

    private static readonly Option<bool> Descending = new("--descending") { Description = "The largest, latest or last first." };

    private static readonly Option<long?> Limit = new("--limit") { Description = "At most so many.", HelpName = "N" };

    public static Command Create()
    {
        var command = new ExampleCommand(
            "ls",
            "Lists what is cached.",
            "zarr-cache ls --cache ~/zarr --order-by count --descending --limit 20",
            "zarr-cache ls --cache ~/zarr --store era5 --prefix u/ --json | jq -r .key")
        {
            CommonOptions.Cache, CommonOptions.Store, CommonOptions.Prefix, OrderBy, Descending, Limit,
        };
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        var query = new IndexQuery(
            context.Get(CommonOptions.Store),
            context.Get(CommonOptions.Prefix)!,
            Order: context.Get(OrderBy) is { } order ? Orders[order] : IndexOrder.None,
            Descending: context.Get(Descending),
            Limit: context.Get(Limit));
        query.Validate();
        await using CacheDirectory cache = await context.OpenCacheAsync(ct, new CacheDirectorySettings { MustExist = true, LookOnly = true });
        if (!context.IsJson)
        {
            context.Output.WriteLine($"{"LAST ACCESS",-20}  {"READS",8}  {"SIZE",10}  {"LOAD",9}  {"KIND",-6}  STORE  KEY");
        }

        await foreach (IndexEntry entry in cache.Index.EnumerateAsync(query, ct))
        {
            if (context.IsJson)
            {
                context.WriteJson(EntryLine.Of(entry), CliJson.Lines.EntryLine);
            }
            else
            {
                context.Output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{entry.LastAccess.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z  {entry.AccessCount,8}  {ByteSize.Format(entry.Size),10}  {Durations.Format(entry.LoadDuration),9}  {EntryLine.NameOf(entry.Kind),-6}  {entry.StoreId}  {entry.Key}"));
            }
        }

        return ExitStatus.Success;
    }
}

/// <summary>An entry as <c>ls --json</c> writes it.</summary>
internal sealed record EntryLine(
    string Store,
    string Key,
    string Kind,
    long Offset,
    long Size,
    long AllocatedSize,
    long ObjectSize,
    string? ETag,
    DateTimeOffset? LastModified,
    DateTimeOffset StoredAt,
    DateTimeOffset ValidatedAt,
    DateTimeOffset LastAccess,
    long AccessCount,
    double LoadSeconds,
    double Priority,
    string Retention)
{
    public static EntryLine Of(IndexEntry entry) => new(
        entry.StoreId, entry.Key, NameOf(entry.Kind), entry.Offset, entry.Size, entry.AllocatedSize, entry.ObjectSize, entry.ETag, entry.LastModified,
        entry.StoredAt, entry.ValidatedAt, entry.LastAccess, entry.AccessCount, entry.LoadDuration.TotalSeconds,
        entry.Priority, NameOf(entry.Retention));

    public static string NameOf(Retention retention) => retention switch
    {
        ZarrCache.Retention.Evictable => "evictable",
        ZarrCache.Retention.Metadata => "metadata",
        _ => "pinned",
    };

    public static string NameOf(EntryKind kind) => kind switch
    {
        EntryKind.Value => "value",
        EntryKind.Part => "part",
        _ => "absent",
    };
}
