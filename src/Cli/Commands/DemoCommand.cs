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
            $"Shows the cache at work: serves a small real dataset from an HTTP server on this machine that takes {Latency.TotalMilliseconds:0} ms for each request, and reads all of it without a cache, from the cache, from a second process, and with a cache that holds just half of it. It takes some seconds, needs no network, and leaves nothing behind.",
            "zarr-cache demo");
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        if (!Directory.Exists(DemoSample.Root))
        {
            throw new ZarrCacheException($"The demo's dataset is not where it was installed, '{DemoSample.Root}'; install zarr-cache again.");
        }

        string temporary = Directory.CreateTempSubdirectory("zarr-cache-demo-").FullName;
        try
        {
            var sample = new FileSystemStore(DemoSample.Root, new FileSystemStoreOptions { ReadOnly = true });
            await using DemoServer server = await DemoServer.StartAsync(new ThrottledStore(sample, new ThrottledStoreOptions { Latency = Latency }), ct);
            Dictionary<string, byte[]> source = DemoSample.Load();
            List<PassResult> passes = [];
            await WithProgressAsync(context, show => RunPassesAsync(context, server, source, temporary, passes, show, ct));
            int wrong = passes.Sum(pass => pass.Wrong);
            if (context.IsJson)
            {
                context.WriteJson(new DemoDocument(DemoSample.Name, Latency.TotalSeconds, wrong, passes), CliJson.Documents.DemoDocument);
            }
            else
            {
                Show(context, source, passes, wrong);
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
        async Task CountAsync(string name, Func<string, Action<int, int>?, Task<PassResult>> run)
        {
            long before = server.Requests;
            Action<int, int>? done = show(name);
            PassResult result = await run(name, done);
            done?.Invoke(1, 1);
            passes.Add(result with { Name = name, OriginRequests = server.Requests - before });
        }

        string whole = Path.Combine(temporary, "whole");
        await using (CacheDirectory cache = await OpenAsync(context, whole, Plenty, ct))
        {
            await CountAsync("first, nothing cached", (name, done) => DatasetPass.RunAsync(name, cache, server.Address, source, done, ct));
            await CountAsync("again", (name, done) => DatasetPass.RunAsync(name, cache, server.Address, source, done, ct));
            await CountAsync("again, other process", (_, _) => SecondProcess.RunAsync(whole, server.Address, ct));
        }

        await using CacheDirectory half = await OpenAsync(context, Path.Combine(temporary, "half"), passes[^1].AllocatedBytes / 2, ct);
        await CountAsync("room for half, first", (name, done) => DatasetPass.RunAsync(name, half, server.Address, source, done, ct));
        await CountAsync("room for half, again", (name, done) => DatasetPass.RunAsync(name, half, server.Address, source, done, ct));
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

    private static void Show(CommandContext context, Dictionary<string, byte[]> source, List<PassResult> passes, int wrong)
    {
        var invariant = CultureInfo.InvariantCulture;
        context.Output.WriteLine(string.Create(
            invariant,
            $"{DemoSample.Name}: {source.Count} objects, {ByteSize.Format(source.Values.Sum(value => (long)value.Length))}, behind an HTTP server on this machine that takes {Latency.TotalMilliseconds:0} ms for each request."));
        context.Output.WriteLine();
        Table table = context.NewTable("Read", ">Origin requests", ">Hits", ">Misses", ">Absent hits", ">Bytes", ">Time", ">Speed-up", ">On disk", ">MaxSize");
        foreach (PassResult pass in passes)
        {
            table.AddRow(
                pass.Name, pass.OriginRequests.ToString(invariant), pass.Hits.ToString(invariant), pass.Misses.ToString(invariant), pass.AbsentHits.ToString(invariant),
                ByteSize.Format(pass.Bytes), Durations.Format(TimeSpan.FromSeconds(pass.Seconds)),
                string.Create(invariant, $"{passes[0].Seconds / pass.Seconds:0.0}x"),
                ByteSize.Format(pass.AllocatedBytes), ByteSize.Format(pass.MaxSize));
        }

        context.Console.Write(table);
        context.Output.WriteLine();
        context.Output.WriteLine(wrong == 0
            ? $"Every byte of all {passes.Sum(pass => pass.Keys)} reads was compared with the source: all are equal."
            : $"{wrong} reads did not give the bytes of the source. That must not be; please report it.");
        context.Output.WriteLine("Hits come from the local disk, are verified by check sum, and cost the origin nothing; an absent hit is a key that the origin is known not to have.");
        context.Output.WriteLine("Next: zarr-cache warm ORIGIN --store NAME --cache DIR");
    }
}

/// <summary>What <c>demo --json</c> writes.</summary>
internal sealed record DemoDocument(string Dataset, double LatencySeconds, int Wrong, IReadOnlyList<PassResult> Passes);
