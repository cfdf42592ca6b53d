using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using ZarrCache.Cli.Demo;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Cli.Commands;

/// <summary>Shows the cache at work, on a real dataset behind a real and slow HTTP server.</summary>
internal static class DemoCommand
{
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(20);

    /// <summary>Far more than the sample.</summary>
    private const long Plenty = 1L << 30;

    public static Command Create()
    {
        var command = new ExampleCommand(
            "demo",
            $"Shows the cache at work: serves a small real dataset from an HTTP server on this machine that takes {Latency.TotalMilliseconds:0} ms for each request, and reads all of it without a cache, from the cache, from a second process, and with a cache that holds just half of it; then one of shards, by byte ranges. It takes some seconds, needs no network, and leaves nothing behind.",
            "zarr-cache demo");
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        foreach (string root in (string[])[DemoSample.Root, DemoSample.ShardedRoot])
        {
            if (!Directory.Exists(root))
            {
                throw new ZarrCacheException($"The demo's dataset is not where it was installed, '{root}'; install zarr-cache again.");
            }
        }

        string temporary = Directory.CreateTempSubdirectory("zarr-cache-demo-").FullName;
        try
        {
            await using DemoServer server = await ServeAsync(DemoSample.Root, ct);
            await using DemoServer shardServer = await ServeAsync(DemoSample.ShardedRoot, ct);
            Dictionary<string, byte[]> source = DemoSample.Load();
            List<PassResult> passes = [];
            List<PassResult> shardPasses = [];
            await WithProgressAsync(context, async show =>
            {
                await RunPassesAsync(context, server, source, temporary, passes, show, ct);
                await RunShardPassesAsync(context, shardServer, temporary, shardPasses, show, ct);
            });
            int wrong = passes.Concat(shardPasses).Sum(pass => pass.Wrong);
            if (context.IsJson)
            {
                context.WriteJson(new DemoDocument(DemoSample.Name, Latency.TotalSeconds, wrong, passes, DemoSample.ShardedName, shardPasses), CliJson.Documents.DemoDocument);
            }
            else
            {
                Show(context, source, passes, shardPasses, wrong);
            }

            return wrong == 0 ? ExitStatus.Success : ExitStatus.Findings;
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    private static async Task RunPassesAsync(
        CommandContext context, DemoServer server, Dictionary<string, byte[]> source, string temporary, List<PassResult> passes, Func<string, Action<int, int>?> show, CancellationToken ct)
    {
        Task CountAsync(string name, Func<string, Action<int, int>?, Task<PassResult>> run) => DemoCommand.CountAsync(server, passes, show, name, run);

        string whole = Path.Combine(temporary, "whole");
        await using (CacheDirectory cache = await OpenAsync(context, whole, Plenty, ct))
        {
            await CountAsync("first, nothing cached", (name, done) => DatasetPass.RunAsync(name, cache, server.Address, source, done, ct));
            await CountAsync("again", (name, done) => DatasetPass.RunAsync(name, cache, server.Address, source, done, ct));
            await CountAsync("again, other process", (_, _) => SecondProcess.RunAsync(whole, server.Address, DatasetPass.StoreId, ct));
        }

        await using CacheDirectory half = await OpenAsync(context, Path.Combine(temporary, "half"), passes[^1].AllocatedBytes / 2, ct);
        await CountAsync("room for half, first", (name, done) => DatasetPass.RunAsync(name, half, server.Address, source, done, ct));
        await CountAsync("room for half, again", (name, done) => DatasetPass.RunAsync(name, half, server.Address, source, done, ct));
    }

    private static async Task RunShardPassesAsync(
        CommandContext context, DemoServer server, string temporary, List<PassResult> passes, Func<string, Action<int, int>?> show, CancellationToken ct)
    {
        Task CountAsync(string name, Func<string, Action<int, int>?, Task<PassResult>> run) => DemoCommand.CountAsync(server, passes, show, name, run);

        Dictionary<string, long?> sums = await ShardedPass.SumSourceAsync(ct);
        string directory = Path.Combine(temporary, "shards");
        await using CacheDirectory cache = await OpenAsync(context, directory, Plenty, ct);
        await CountAsync("shards, nothing cached", (_, _) => ShardedPass.RunAsync(cache, server.Address, sums, ct));
        await CountAsync("shards again", (_, _) => ShardedPass.RunAsync(cache, server.Address, sums, ct));
        await CountAsync("shards, other process", (_, _) => SecondProcess.RunAsync(directory, server.Address, ShardedPass.StoreId, ct));
    }

    /// <summary>Runs a pass and counts what the server was asked meanwhile.</summary>
    private static async Task CountAsync(
        DemoServer server, List<PassResult> passes, Func<string, Action<int, int>?> show, string name, Func<string, Action<int, int>?, Task<PassResult>> run)
    {
        long before = server.Requests;
        Action<int, int>? done = show(name);
        PassResult result = await run(name, done);
        done?.Invoke(1, 1);
        passes.Add(result with { Name = name, OriginRequests = server.Requests - before });
    }

    /// <summary>A slow server before a sample.</summary>
    private static Task<DemoServer> ServeAsync(string root, CancellationToken ct)
    {
        var sample = new FileSystemStore(root, new FileSystemStoreOptions { ReadOnly = true });
        return DemoServer.StartAsync(new ThrottledStore(sample, new ThrottledStoreOptions { Latency = Latency }), ct);
    }

    private static ValueTask<CacheDirectory> OpenAsync(CommandContext context, string directory, long maxSize, CancellationToken ct) =>
        CacheDirectory.OpenAsync(directory, Backends.Create(), new CacheDirectorySettings { MaxSize = maxSize, Logger = context.Logger }, ct);

    /// <summary>Runs the work with a progress bar for each pass, where somebody looks on.</summary>
    private static Task WithProgressAsync(CommandContext context, Func<Func<string, Action<int, int>?>, Task> work) =>
        context.IsJson || !context.Progress.Profile.Out.IsTerminal
            ? work(_ => null)
            : context.Progress.Progress().AutoClear(true).StartAsync(progress => work(name =>
            {
                ProgressTask task = progress.AddTask(name);
                return (done, all) => task.Value = 100.0 * done / all;
            }));

    private static void Show(CommandContext context, Dictionary<string, byte[]> source, List<PassResult> passes, List<PassResult> shardPasses, int wrong)
    {
        var invariant = CultureInfo.InvariantCulture;
        context.Output.WriteLine(string.Create(
            invariant,
            $"{DemoSample.Name}: {source.Count} objects, {ByteSize.Format(source.Values.Sum(value => (long)value.Length))}, behind an HTTP server on this machine that takes {Latency.TotalMilliseconds:0} ms for each request."));
        context.Output.WriteLine();
        Table table = context.NewTable("Read", ">Origin requests", ">Hits", ">Misses", ">Absent hits", ">Bytes", ">Time", ">Speed-up", ">On disk", ">MaxSize");
        foreach ((PassResult pass, PassResult first) in passes.Select(pass => (pass, passes[0])).Concat(shardPasses.Select(pass => (pass, shardPasses[0]))))
        {
            table.AddRow(
                pass.Name, pass.OriginRequests.ToString(invariant), pass.Hits.ToString(invariant), pass.Misses.ToString(invariant), pass.AbsentHits.ToString(invariant),
                ByteSize.Format(pass.Bytes), Durations.Format(TimeSpan.FromSeconds(pass.Seconds)),
                string.Create(invariant, $"{first.Seconds / pass.Seconds:0.0}x"),
                ByteSize.Format(pass.AllocatedBytes), ByteSize.Format(pass.MaxSize));
        }

        context.Console.Write(table);
        context.Output.WriteLine();
        context.Output.WriteLine(wrong == 0
            ? $"Every byte of all {passes.Sum(pass => pass.Keys)} reads was compared with the source, and the sums of the sharded arrays: all are equal."
            : $"{wrong} reads did not give the bytes of the source. That must not be; please report it.");
        context.Output.WriteLine("Hits come from the local disk, are verified by check sum, and cost the origin nothing; an absent hit is a key that the origin is known not to have.");
        context.Output.WriteLine($"{DemoSample.ShardedName} keeps many chunks in one object, a shard: its reader fetches the shard's index and each chunk by byte ranges, and the cache keeps just those.");
        context.Output.WriteLine("Next: zarr-cache warm ORIGIN --store NAME --cache DIR");
    }
}

/// <summary>What <c>demo --json</c> writes.</summary>
internal sealed record DemoDocument(string Dataset, double LatencySeconds, int Wrong, IReadOnlyList<PassResult> Passes, string ShardedDataset, IReadOnlyList<PassResult> ShardedPasses);
